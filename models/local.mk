# models/local.mk
