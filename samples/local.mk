# samples/local.mk - pictures and programs to start from
