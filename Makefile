# Short names for what .ci/dev.py and .ci/run do.
.PHONY: demo test check lock

demo:
	python3 .ci/dev.py demo

test:
	python3 .ci/dev.py test

check:
	bash .ci/run

lock:
	python3 .ci/dev.py lock
