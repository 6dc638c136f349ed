# exec - when and where in memory
libcnnimg_libci_la_SOURCES += \
  libcnnimg/exec/bands.c \
  libcnnimg/exec/exec.h \
  libcnnimg/exec/look.c libcnnimg/exec/look.h \
  libcnnimg/exec/memory.c \
  libcnnimg/exec/pack_key.c \
  libcnnimg/exec/packs.c \
  libcnnimg/exec/packs.h \
  libcnnimg/exec/pixels.c \
  libcnnimg/exec/pixels.h \
  libcnnimg/exec/plan.c \
  libcnnimg/exec/plan.h \
  libcnnimg/exec/shapes.c \
  libcnnimg/exec/stream.c
