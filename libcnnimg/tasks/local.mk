# libcnnimg/tasks/local.mk
