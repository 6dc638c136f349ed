/* SPDX-License-Identifier: MIT */
/* cnnimg.h - the public door of libcnnimg: contexts, models, pictures, runs */
#ifndef CNNIMG_H
#define CNNIMG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CNNIMG_API __attribute__((visibility("default")))
#else
#define CNNIMG_API
#endif

/** What every fallible function returns. The sentence is in cnnimg_error. */
typedef enum cnnimg_status {
  CNNIMG_OK = 0,
  CNNIMG_NOMEM,       /**< an allocation failed */
  CNNIMG_IO,          /**< the operating system said no */
  CNNIMG_CORRUPT,     /**< a file contradicts itself or its format */
  CNNIMG_UNSUPPORTED, /**< well formed, but not something that we do */
  CNNIMG_BADARG,      /**< the caller's argument is wrong */
  CNNIMG_LIMIT,       /**< refused by a limit of the context */
  CNNIMG_CANCELLED    /**< a callback or cnnimg_cancel asked to stop */
} cnnimg_status;

/** The caller's own error record; any function takes NULL for it. */
typedef struct cnnimg_error {
  int code;       /**< a cnnimg_status */
  char text[508]; /**< one sentence that names the file, the tensor, the numbers */
} cnnimg_error;

typedef struct cnnimg_context cnnimg_context; /**< limits and workers; shared by any threads */
typedef struct cnnimg_model cnnimg_model;     /**< immutable once loaded, reference counted */
typedef struct cnnimg_session cnnimg_session; /**< a plan for one picture size; one run at a time */
typedef struct cnnimg_reader cnnimg_reader;   /**< a picture file being decoded, row by row */
typedef struct cnnimg_writer cnnimg_writer;   /**< a picture file being written, row by row */

/** Set from any thread or a signal handler; never reset by the library. Zero-initialise it. */
typedef struct cnnimg_cancel {
  volatile int stop;
} cnnimg_cancel;

/** How one sample is stored, in the machine's byte order. Integers span 0..max, floats 0..1. */
typedef enum cnnimg_sample { CNNIMG_U8 = 1, CNNIMG_U16 = 2, CNNIMG_F32 = 4 } cnnimg_sample;

/** The shape of a picture. Rows are interleaved: colour channels, then alpha if there is one. */
typedef struct cnnimg_format {
  uint32_t width, height; /**< pixels */
  uint8_t colours;        /**< 1 (grey) or 3 (red, green, blue) */
  uint8_t alpha;          /**< 1 if a straight (not premultiplied) alpha channel follows */
  uint8_t sample;         /**< a cnnimg_sample */
} cnnimg_format;

/** The caller's pixels, never copied: interleaved or planar, any stride, negative too. */
typedef struct cnnimg_view {
  void *data;           /**< sample of the first channel of the top left pixel */
  cnnimg_format format; /**< size, channels, sample type */
  ptrdiff_t row_stride, pixel_stride, channel_stride; /**< in bytes */
} cnnimg_view;

/** Limits and workers of a context. cnnimg_config_init() sets struct_size and the defaults. */
typedef struct cnnimg_config {
  size_t struct_size;
  uint32_t threads;         /**< 0: what the affinity mask and the cgroup quota allow */
  uint32_t dimension_limit; /**< largest width or height, pixels (default 1000000) */
  uint64_t pixel_limit;     /**< largest width x height (default 2^31) */
  uint64_t memory_limit;    /**< working memory in bytes; 0: a quarter of the machine's */
  void *(*alloc)(void *user, size_t align, size_t n); /**< NULL: the C library's */
  void (*release)(void *user, void *p);
  void *alloc_user;
  void (*log)(void *user, int level, const char *text); /**< NULL: silence */
  void *log_user;
} cnnimg_config;

/** What the user wants done. */
typedef enum cnnimg_task { CNNIMG_TASK_NONE = 0, CNNIMG_TASK_DENOISE, CNNIMG_TASK_UPSCALE } cnnimg_task;

/** Parameters of a run. cnnimg_params_init() sets struct_size and the defaults. */
typedef struct cnnimg_params {
  size_t struct_size;
  int task;        /**< a cnnimg_task */
  float strength;  /**< 0..1: mix of the result (1) and the original (0); default 1 */
  float sigma;     /**< standard deviation of the noise on the 0..255 scale; < 0: estimate */
  uint32_t tile;   /**< width of a column stripe in output pixels; 0: chosen */
  int (*progress)(void *user, uint64_t done, uint64_t total); /**< non-zero cancels; on the calling thread */
  void *progress_user;
  const cnnimg_cancel *cancel; /**< may be NULL */
} cnnimg_params;

/** What a run will cost; from cnnimg_session_cost(). */
typedef struct cnnimg_cost {
  uint32_t width, height;  /**< of the result, pixels */
  uint32_t tile, tiles;    /**< width of a stripe in pixels, number of stripes */
  uint32_t band;           /**< rows of the result that are computed together */
  uint32_t halo;           /**< receptive field radius, input pixels */
  uint32_t threads;
  uint64_t bytes;          /**< working memory */
  uint64_t weight_bytes;   /**< packed weights */
  uint64_t multiply_adds;  /**< of the whole picture, halos of stripes included */
} cnnimg_cost;

/* ---- errors, version ------------------------------------------------- */
CNNIMG_API const char *cnnimg_version(void);
CNNIMG_API const char *cnnimg_status_text(int status);

/* ---- context --------------------------------------------------------- */
CNNIMG_API void cnnimg_config_init(cnnimg_config *config);
/** @param config NULL for the defaults. @param out receives the context, or NULL on failure. */
CNNIMG_API int cnnimg_open(const cnnimg_config *config, cnnimg_context **out, cnnimg_error *err);
CNNIMG_API void cnnimg_close(cnnimg_context *context); /**< NULL is allowed */

/* ---- models ---------------------------------------------------------- */
/** Opens a weight file (told by its bytes) and prepares the network. The caller unrefs it. */
CNNIMG_API int cnnimg_model_load(cnnimg_context *context, const char *path, cnnimg_model **out,
                                 cnnimg_error *err);
/** The same from memory, which must outlive the model. */
CNNIMG_API int cnnimg_model_load_memory(cnnimg_context *context, const void *data, size_t size,
                                        cnnimg_model **out, cnnimg_error *err);
CNNIMG_API cnnimg_model *cnnimg_model_ref(cnnimg_model *model);
CNNIMG_API void cnnimg_model_unref(cnnimg_model *model); /**< NULL is allowed */
/** A line of the model's card ("task", "licence", "parameters" ...), or NULL. Owned by the model. */
CNNIMG_API const char *cnnimg_model_get(const cnnimg_model *model, const char *key);
/** The i-th key of the card, or NULL past the last one. */
CNNIMG_API const char *cnnimg_model_key(const cnnimg_model *model, size_t i);

/* ---- runs ------------------------------------------------------------ */
CNNIMG_API void cnnimg_params_init(cnnimg_params *params, int task);
/** Plans a run on pictures of this format: nothing is computed. The model is referenced. */
CNNIMG_API int cnnimg_session_new(cnnimg_context *context, cnnimg_model *model, const cnnimg_params *params,
                                  const cnnimg_format *format, cnnimg_session **out, cnnimg_error *err);
CNNIMG_API void cnnimg_session_free(cnnimg_session *session); /**< NULL is allowed */
CNNIMG_API void cnnimg_session_cost(const cnnimg_session *session, cnnimg_cost *cost);
/** The plan in words, for people: a line a layer. Owned by the session. */
CNNIMG_API const char *cnnimg_session_plan(const cnnimg_session *session);
/** Fills one row (interleaved, of the source format); rows are asked for in order, each once. 0: done. */
typedef int (*cnnimg_read_row)(void *user, uint32_t y, void *row, cnnimg_error *err);
/** Takes one row of the result; rows come in order, each once. 0: done. */
typedef int (*cnnimg_write_row)(void *user, uint32_t y, const void *row, cnnimg_error *err);
/**
 * Runs over a picture that need not fit in memory. Both callbacks return a cnnimg_status
 * and are called on the calling thread; the result has the source's format but for its size.
 */
CNNIMG_API int cnnimg_run_rows(cnnimg_session *session, cnnimg_read_row read, void *read_user,
                               cnnimg_write_row write, void *write_user, cnnimg_error *err);
/** Runs over the caller's pixels. src and dst may be the same memory where their sizes agree. */
CNNIMG_API int cnnimg_run(cnnimg_session *session, const cnnimg_view *src, const cnnimg_view *dst,
                          cnnimg_error *err);
/** The sigma (0..255 scale) that the last run of this session used; estimated where asked. */
CNNIMG_API float cnnimg_session_sigma(const cnnimg_session *session);
/**
 * Runs a network on plain tensors: in[i] is channels x height x width (contiguous float32) for the
 * model's i-th input; the result is written to out (channels x height x width, out_size floats).
 * dims_in: 3 numbers an input; dims_out receives 3. With out == NULL only dims_out is set.
 */
CNNIMG_API int cnnimg_run_tensor(cnnimg_context *context, cnnimg_model *model, uint32_t inputs,
                                 const float *const *in, const uint32_t (*dims_in)[3], float *out,
                                 size_t out_size, uint32_t dims_out[3], cnnimg_error *err);
/**
 * Blind estimate of the standard deviation of additive white Gaussian noise (0..255 scale), from the
 * smallest eigenvalues of the covariance of small patches: Chen, Zhu, Heng, "An efficient
 * statistical method for image noise level estimation", ICCV 2015.
 */
CNNIMG_API int cnnimg_estimate_sigma(const cnnimg_view *view, float *sigma, cnnimg_error *err);

/* ---- picture files --------------------------------------------------- */
/** What is known of a picture file from its header. */
typedef struct cnnimg_info {
  cnnimg_format format; /**< as delivered: orientation applied, palette expanded, at least 8 bits */
  const char *codec;    /**< "png", "jpeg", "pnm" ...; static */
  uint8_t bits;         /**< a sample in the file: 1, 2, 4, 8, 16, 32 */
  uint8_t orientation;  /**< EXIF value found (1..8), before it was applied */
  uint8_t quality;      /**< JPEG: estimated 1..100; 0: unknown */
  uint8_t subsampling;  /**< JPEG: horizontal * 10 + vertical of luma, e.g. 22; 0: unknown */
  uint8_t has_icc, has_exif, has_xmp;
} cnnimg_info;

#define CNNIMG_KEEP_ICC 1u
#define CNNIMG_KEEP_EXIF 2u
#define CNNIMG_KEEP_XMP 4u
#define CNNIMG_KEEP_TEXT 8u
#define CNNIMG_KEEP_ALL 15u

/** How a picture is written. cnnimg_write_options_init() sets struct_size and the defaults. */
typedef struct cnnimg_write_options {
  size_t struct_size;
  const char *codec; /**< "png", "jpg", "ppm", "pam", "pfm"; NULL: from the name, else the source's */
  int quality;       /**< JPEG 1..100; 0: like the source's, else 95 */
  uint32_t keep;     /**< CNNIMG_KEEP_* of the source's metadata; default all */
  int overwrite;     /**< 0: an existing file is an error */
} cnnimg_write_options;

/** @param path a file, or "-" for standard input. Limits are judged from the header. */
CNNIMG_API int cnnimg_reader_open(cnnimg_context *context, const char *path, int rotate,
                                  cnnimg_reader **out, cnnimg_error *err);
CNNIMG_API const cnnimg_info *cnnimg_reader_info(const cnnimg_reader *reader);
/** Reads the next row, interleaved, of the format of cnnimg_reader_info(). */
CNNIMG_API int cnnimg_reader_row(cnnimg_reader *reader, void *row, cnnimg_error *err);
CNNIMG_API void cnnimg_reader_close(cnnimg_reader *reader); /**< NULL is allowed */

CNNIMG_API void cnnimg_write_options_init(cnnimg_write_options *options);
/**
 * Starts a file beside its place (renamed by finish) or standard output ("-").
 * @param format of the rows that will be written. @param meta_from a reader whose metadata go along,
 * or NULL; it must live until this function returns.
 */
CNNIMG_API int cnnimg_writer_open(cnnimg_context *context, const char *path, const cnnimg_format *format,
                                  const cnnimg_reader *meta_from, const cnnimg_write_options *options,
                                  cnnimg_writer **out, cnnimg_error *err);
CNNIMG_API int cnnimg_writer_row(cnnimg_writer *writer, const void *row, cnnimg_error *err);
/** Writes what is left, syncs, renames. The writer is freed, whatever comes back. */
CNNIMG_API int cnnimg_writer_finish(cnnimg_writer *writer, cnnimg_error *err);
/** Throws the unfinished file away. NULL is allowed. */
CNNIMG_API void cnnimg_writer_abort(cnnimg_writer *writer);
/** The temporary file's path, for signal handlers that unlink it; NULL for standard output. */
CNNIMG_API const char *cnnimg_writer_temp(const cnnimg_writer *writer);
/** Is there a codec that writes files of this name? Judged by the suffix. */
CNNIMG_API int cnnimg_can_write(const char *name);
/** Could this be a picture file? Judged by the suffix alone (for walking folders). */
CNNIMG_API int cnnimg_looks_like_picture(const char *name);

#ifdef __cplusplus
}
#endif
#endif
