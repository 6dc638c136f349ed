# tests/bench - measuring, by hand: quality and agreement with other programs
EXTRA_DIST += tests/bench/denoise.py tests/bench/onnxruntime_agrees.py
