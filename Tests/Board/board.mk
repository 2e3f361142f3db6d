# A Debian board in software. Included by the Makefile.

BOARD := .build-board
.PHONY: board-test setup-board

board-test: deb setup-board ## Boot a board in software and cut its power; as root (1 h)
	Tests/Board/image $(BOARD) $(DEB)
	PYTHONPATH=Tests/Daemon PYTHONDONTWRITEBYTECODE=1 $(PYTHON) Tests/Board/test.py $(BOARD) \
	    $(AARCH64)/bin/inkstone $(AARCH64)/chroot/arm64

setup-board:
	@.ci/setup board
