import { readSelection } from "./selection.js";

document.documentElement.dataset.builder = readSelection().any.size;
