import { readSelection } from "./selection.js";

document.documentElement.dataset.filter = readSelection().any.size;
