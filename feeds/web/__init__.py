"""What is answered over HTTP: what was built, and the preview of what is being written."""
