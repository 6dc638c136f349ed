# models/local.mk - the built-in models: installed under $(pkgdatadir)/models, found by name
modelsdir = $(pkgdatadir)
nobase_dist_models_DATA = models/denoise/denoise.onnx models/denoise/card.md \
	models/upscale-x2/upscale-x2.onnx models/upscale-x2/card.md \
	models/deblock/deblock.onnx models/deblock/card.md \
	models/colorize/colorize.onnx models/colorize/card.md \
	models/lineart/lineart.onnx models/lineart/card.md \
	models/inpaint/inpaint.onnx models/inpaint/card.md \
	models/upscale-x3/upscale-x3.onnx models/upscale-x3/card.md \
	models/upscale-x4/upscale-x4.onnx models/upscale-x4/card.md \
	models/upscale-fast/upscale-fast.onnx models/upscale-fast/card.md
EXTRA_DIST += models/README.md models/SHA256SUMS models/denoise/DATA.tsv models/colorize/DATA.tsv models/colorize/HELD.tsv \
	models/train/README.md models/train/requirements.txt models/train/common.py models/train/deblock.py models/train/degrade.py \
	models/train/denoise.py models/train/nets.py models/train/onnxfile.py models/train/pictures.py \
	models/train/upscale.py models/train/colorize.py models/train/inpaint.py models/train/lab.py models/train/masks.py \
	models/train/lineart.py models/train/strokes.py \
	models/train/published.py models/train/stamp.py models/train/toolrun.py models/eval.py

# make models-eval BENCH=DIR [PYTHON_WITH=python3] [EVAL_ARGS=...]: every built-in model beside the published figures,
# through the C tools; the Python needs numpy and Pillow
EVAL_ARGS =
.PHONY: models-eval
models-eval: all
	@test -n '$(BENCH)' || { echo 'make models-eval BENCH=DIR: DIR holds the benchmark pictures in folders CBSD68, BSD68,' \
	  'Kodak24, McMaster18, Set5, Set14; they are not part of this tree'; exit 2; }
	@$(PYTHON_WITH) -B '$(srcdir)/models/eval.py' --tools tools --models-dir '$(srcdir)/models' --bench '$(BENCH)' $(EVAL_ARGS)
