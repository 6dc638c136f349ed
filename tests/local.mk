# tests/local.mk - tests that belong to no room
dist_check_SCRIPTS += tests/check-house.sh tests/check-exports.sh tests/check-sample.sh
TESTS += tests/check-house.sh tests/check-exports.sh tests/check-sample.sh
