# models/local.mk - the built-in models: installed under $(pkgdatadir)/models, found by name
modelsdir = $(pkgdatadir)
nobase_dist_models_DATA = models/denoise/denoise.onnx models/denoise/card.md \
	models/upscale-x2/upscale-x2.onnx models/upscale-x2/card.md
EXTRA_DIST += models/README.md models/SHA256SUMS models/denoise/DATA.tsv \
	models/train/README.md models/train/requirements.txt models/train/common.py models/train/deblock.py models/train/degrade.py \
	models/train/denoise.py models/train/nets.py models/train/onnxfile.py models/train/pictures.py \
	models/train/upscale.py
