"""Files to a place where readers find them; a folder is the one there is."""
