import { openIndex } from "./search-index.js";
import { parseQuery } from "./search-query.js";

openIndex; parseQuery;
