import { readSelection } from "./selection.js";

document.documentElement.dataset.search = readSelection().any.size;
