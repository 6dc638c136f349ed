/* SPDX-License-Identifier: MIT */
/* cnnimg.h - the public door of libcnnimg: contexts, models, pictures, runs */
#ifndef CNNIMG_H
#define CNNIMG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Marks what leaves the library. */
#if defined(__GNUC__)
#define CNNIMG_API __attribute__((visibility("default")))
#else
#define CNNIMG_API
#endif

/**
 * @file cnnimg.h
 * Convolutional networks over pictures, on the processor, streaming.
 *
 * A **context** holds limits, allocator and workers; a **model** is a network, immutable once loaded; a **session** is
 * a model planned for one format of picture: what it will cost is known before anything runs. A session then runs, as
 * often as one likes, over the caller's own pixels (cnnimg_run()), for a rectangle of the result
 * (cnnimg_run_region()) or over rows from callbacks (cnnimg_run_rows()). cnnimg_run_tensor() runs any network on
 * plain arrays.
 *
 * **Errors.** Every function that can fail returns a #cnnimg_status and, where it gets one, writes a sentence into the
 * caller's #cnnimg_error. Out-pointers are NULL on failure. Nothing is printed, nothing exits, no signal handler, locale
 * or floating-point mode of the process is changed.
 *
 * **Threads.** Any number of threads may use one context and one model at once. A session, a reader or a writer
 * belongs to one thread at a time; make one for each thread. Callbacks of a run are called on the thread that called the run.
 *
 * **The same bytes.** A picture's result does not depend on threads, stripes, memory or on whether it is asked for as a
 * whole, by rows or by rectangles.
 *
 * **Ownership.** Strings and structs that functions return by pointer belong to the object that they were asked of, and
 * live as long as it does. What the caller passes is not kept after the function has returned, unless it is said.
 *
 * **Growth.** Structs with a struct_size grow at their end only, and so do those that are returned by pointer; the
 * others never change. Enumerations get new values only.
 */

/** What every fallible function returns. The sentence is in #cnnimg_error. */
typedef enum cnnimg_status {
  CNNIMG_OK = 0,      /**< done */
  CNNIMG_NOMEM,       /**< an allocation failed */
  CNNIMG_IO,          /**< the operating system said no */
  CNNIMG_CORRUPT,     /**< a file contradicts itself or its format */
  CNNIMG_UNSUPPORTED, /**< well formed, but not something that we do */
  CNNIMG_BADARG,      /**< the caller's argument is wrong */
  CNNIMG_LIMIT,       /**< refused by a limit of the context */
  CNNIMG_CANCELLED    /**< a callback or cnnimg_cancel_set() asked to stop */
} cnnimg_status;

/** The caller's own error record; any function takes NULL for it. Written on failure only. */
typedef struct cnnimg_error {
  int code;       /**< a #cnnimg_status */
  char text[508]; /**< one sentence that names the file, the tensor, the numbers; UTF-8, ends with 0 */
} cnnimg_error;

typedef struct cnnimg_context cnnimg_context; /**< limits and workers; shared by any threads */
typedef struct cnnimg_model
    cnnimg_model; /**< immutable once loaded, reference counted, shared by any threads */
typedef struct cnnimg_session cnnimg_session; /**< a plan for one format of picture; one run at a time */
typedef struct cnnimg_reader cnnimg_reader;   /**< a picture file being decoded, row by row */
typedef struct cnnimg_writer cnnimg_writer;   /**< a picture file being written, row by row */

/** A wish to stop. Zero-initialise it; set it by cnnimg_cancel_set(); the library only looks at it, so it stays set, and
 * stops every run, until the caller makes stop 0 again. */
typedef struct cnnimg_cancel {
  volatile int stop; /**< 0: go on */
} cnnimg_cancel;

/* ---- pixels ---------------------------------------------------------- */

/**
 * How one sample is stored, in the machine's byte order. Integers stand for 0 to 1 (divided by their largest value);
 * floats pass as they are, also below 0 and above 1.
 */
typedef enum cnnimg_sample {
  CNNIMG_U8 = 1,    /**< 0..255 */
  CNNIMG_U16 = 2,   /**< 0..65535 */
  CNNIMG_F32 = 4,   /**< IEEE single */
  CNNIMG_F16 = 0x12 /**< IEEE half; written rounded to the nearest, ties to even */
} cnnimg_sample;
/** Bytes of a sample: the low four bits of its #cnnimg_sample. */
#define CNNIMG_SAMPLE_BYTES(sample) ((size_t)((sample)&15))

/** What an alpha channel means. The network never sees it, and it comes out as it went in. */
typedef enum cnnimg_alpha {
  CNNIMG_ALPHA_NONE = 0, /**< there is none */
  CNNIMG_ALPHA_STRAIGHT, /**< colours are independent of it */
  CNNIMG_ALPHA_PREMULTIPLIED /**< colours were multiplied by it: divided before the network, multiplied again after */
} cnnimg_alpha;

/** How values relate to light. */
typedef enum cnnimg_transfer {
  CNNIMG_TRANSFER_ENCODED =
      0,                 /**< as files have them (gamma): passed as they are, which is what networks expect */
  CNNIMG_TRANSFER_LINEAR /**< linear light: encoded by sRGB's curve before the network, decoded after */
} cnnimg_transfer;

/** The shape of a picture. This struct never changes. */
typedef struct cnnimg_format {
  uint32_t width;   /**< pixels, at least 1 */
  uint32_t height;  /**< pixels, at least 1 */
  uint8_t colours;  /**< 1 (grey) or 3 (red, green, blue) */
  uint8_t alpha;    /**< a #cnnimg_alpha */
  uint8_t sample;   /**< a #cnnimg_sample */
  uint8_t transfer; /**< a #cnnimg_transfer */
} cnnimg_format;

/**
 * The caller's pixels, never copied as a whole: interleaved or planar, any stride, negative too. cnnimg_view_init()
 * fills it for interleaved rows without gaps. Colour c of pixel (x, y) lies at
 * data + y row_stride + x pixel_stride + c channel_stride; all of them aligned as the machine wants the sample.
 * Blue first is a negative channel_stride. This struct never changes.
 */
typedef struct cnnimg_view {
  void *data;               /**< red (or grey) of the top left pixel */
  cnnimg_format format;     /**< size, channels, sample type */
  ptrdiff_t row_stride;     /**< from a row to the one below it, bytes */
  ptrdiff_t pixel_stride;   /**< from a pixel to the one on its right, bytes */
  ptrdiff_t channel_stride; /**< from red to green, and from green to blue, bytes */
  ptrdiff_t
      alpha_offset; /**< from a pixel's red to its alpha, in bytes; 0: where the colour after the last would be */
} cnnimg_view;

/** Bytes of one pixel, interleaved, alpha included. */
CNNIMG_API size_t cnnimg_pixel_bytes(const cnnimg_format *format);
/** Fills a view of interleaved rows without gaps. @param data may be NULL, to be set later. */
CNNIMG_API void cnnimg_view_init(cnnimg_view *view, const cnnimg_format *format, void *data);

/* ---- errors, version, cancelling ------------------------------------- */
/** "1.2.3"; static. */
CNNIMG_API const char *cnnimg_version(void);
/** "out of memory" ...; static, never NULL. */
CNNIMG_API const char *cnnimg_status_text(int status);
/** Asks all runs that were given this record to stop; they return #CNNIMG_CANCELLED within a tenth of a second. From any
 * thread or a signal handler. */
CNNIMG_API void cnnimg_cancel_set(cnnimg_cancel *cancel);
/** Not 0 once cnnimg_cancel_set() was called. From any thread. */
CNNIMG_API int cnnimg_cancel_is_set(const cnnimg_cancel *cancel);

/* ---- context --------------------------------------------------------- */

/** Limits and workers of a context. cnnimg_config_init() sets struct_size and the defaults. */
typedef struct cnnimg_config {
  size_t struct_size; /**< sizeof(cnnimg_config), set by cnnimg_config_init() */
  uint32_t
      threads; /**< workers of a run, the caller's thread included; 0: what the affinity mask and the cgroup
                                 quota allow */
  uint32_t dimension_limit; /**< largest width or height, pixels (default 1000000) */
  uint64_t pixel_limit;     /**< largest width x height (default 2^31) */
  uint64_t memory_limit;    /**< working memory of a session in bytes; 0: a quarter of the machine's */
  /** For big blocks (maps, packed weights): n bytes aligned to align, NULL when there are none. Called from any thread
   * that uses the context, also at once. NULL: the C library's. */
  void *(*alloc)(void *user, size_t align, size_t n);
  void (*release)(void *user, void *p); /**< goes with alloc */
  void *alloc_user;                     /**< handed to both */
  /** For people: level 0 is a note, 1 a warning. NULL: silence. Called from any thread that uses the context. */
  void (*log)(void *user, int level, const char *text);
  void *log_user; /**< handed to log */
  /**
   * The host's own workers, so that the library starts no thread. Calls fn(arg, i, worker) once for every i < n, in any
   * order and at once if it likes, and returns when all have returned; worker < threads (which must be set) tells apart
   * calls that run at the same time. Not 0: it gave up, the run ends with #CNNIMG_CANCELLED. NULL: own threads.
   */
  int (*parallel)(void *user, void (*fn)(void *arg, uint32_t i, uint32_t worker), void *arg, uint32_t n);
  void *parallel_user; /**< handed to parallel */
} cnnimg_config;

/** Sets struct_size and the defaults. */
CNNIMG_API void cnnimg_config_init(cnnimg_config *config);
/**
 * Opens a context.
 * @param config NULL for the defaults.
 * @param out receives the context, or NULL on failure.
 * @return #CNNIMG_OK, #CNNIMG_BADARG, #CNNIMG_NOMEM.
 */
CNNIMG_API int cnnimg_open(const cnnimg_config *config, cnnimg_context **out, cnnimg_error *err);
/** Closes it, once its sessions, readers and writers are freed (models may live on). NULL is allowed. */
CNNIMG_API void cnnimg_close(cnnimg_context *context);

/* ---- models ---------------------------------------------------------- */

/**
 * Opens a weight file (told by its bytes, never by its name) and prepares the network.
 * @param path a file, or "-" for standard input.
 * @param out receives the model with one reference, which cnnimg_model_unref() gives back; NULL on failure.
 * @return #CNNIMG_IO, #CNNIMG_CORRUPT (the file), #CNNIMG_UNSUPPORTED (the network), #CNNIMG_NOMEM.
 */
CNNIMG_API int cnnimg_model_load(cnnimg_context *context, const char *path, cnnimg_model **out,
                                 cnnimg_error *err);
/** The same from memory, which must outlive the model. */
CNNIMG_API int cnnimg_model_load_memory(cnnimg_context *context, const void *data, size_t size,
                                        cnnimg_model **out, cnnimg_error *err);
/**
 * The same with lines that complete the model's card or replace its own; what a file does not say.
 * | line                | meaning                                                                                |
 * |---------------------|----------------------------------------------------------------------------------------|
 * | `input.NAME=ROLE`   | what the input NAME is for: image, sigma, mask, hint, kernel, quality (of a JPEG file: 1 - quality / 100), or vector:1,0.5,... (constants: one an element, or one a channel of a map) |
 * | `output=NAME`       | which output is the picture (default: the first)                                       |
 * | `range=255`         | the network's white (default 1)                                                        |
 * | `mean=R,G,B`        | subtracted from what the network gets, after range (default 0; one number: for all)    |
 * | `std=R,G,B`         | what is left is divided by it (default 1)                                              |
 * | `output.range`, `output.mean`, `output.std` | the same for what the network gives (default: like its input)  |
 * | `order=bgr`         | blue first (default rgb)                                                               |
 * | `multiple=8`, `margin=8`, `mirror=symmetric` | sizes must be multiples of it (default: found by asking the network); so many pixels of the mirrored picture go around it (default 0), where the zeros that networks pad with would show at its border; mirrors repeat the outermost pixel (default reflect: they do not) |
 * | `sigma_max=75`      | larger sigmas are cut to it (0..255 scale, default 255)                                |
 * | `output.sigma=2,4,6` | every output is the picture, for noise up to that sigma: the one for the picture's is taken |
 * | `scale=2`           | the factor of enlargement, to be checked against the network (default: found)          |
 * | `colour=y`          | how a network of one channel takes colour pictures: each channel (grey; the default where the task is to denoise or none is said), or the luma, of 0..255 (y) or of 16..235 (y-studio), while the colours are enlarged by bicubic interpolation |
 * | `task=denoise`, `name`, `licence` | what the model says of itself                                            |
 * @param options NULL-terminated list of "key=value"; NULL for none.
 */
CNNIMG_API int cnnimg_model_load_opt(cnnimg_context *context, const char *path, const char *const *options,
                                     cnnimg_model **out, cnnimg_error *err);
/** The same from memory, which must outlive the model. */
CNNIMG_API int cnnimg_model_load_memory_opt(cnnimg_context *context, const void *data, size_t size,
                                            const char *const *options, cnnimg_model **out,
                                            cnnimg_error *err);
/** One reference more; returns the model. From any thread. */
CNNIMG_API cnnimg_model *cnnimg_model_ref(cnnimg_model *model);
/** One reference less; the last one frees the model. From any thread. NULL is allowed. */
CNNIMG_API void cnnimg_model_unref(cnnimg_model *model);
/**
 * A line of the model's card, or NULL. Owned by the model. From any thread.
 * The card is what the file says of itself, completed by `FILE.card.json` (an object of the keys of
 * cnnimg_model_load_opt() or any others, values texts, numbers or lists) where that lies beside it, and by the caller's
 * options. Besides, there are
 * | key               | value                                                                                        |
 * |-------------------|----------------------------------------------------------------------------------------------|
 * | `format`          | of the file: "onnx" ...                                                                      |
 * | `parameters`      | how many numbers were learned                                                                |
 * | `architecture`    | where the file says it, or it was recognised from the tensors                                |
 * | `scale`           | the factor of enlargement, found where the card does not say it                              |
 * | `macs_per_pixel`  | multiply-adds for a pixel of the network's picture, a whole number                           |
 * | `receptive_field` | rows or columns of the picture that a pixel of the result can depend on, the larger; "whole picture"; or "more than N", where N is as far as was looked |
 *
 * The last three are found out when somebody first asks for one of them or walks over the keys, which takes some
 * milliseconds, and are NULL for what is no network of pictures.
 */
CNNIMG_API const char *cnnimg_model_get(const cnnimg_model *model, const char *key);
/** The i-th key of the card, or NULL past the last one. Owned by the model. */
CNNIMG_API const char *cnnimg_model_key(const cnnimg_model *model, size_t i);
/**
 * Writes the model as an ONNX file, whatever file it came from: the network as it was loaded, its names, its weights as
 * 32-bit floats, and its card (what the caller's options said too) as metadata. Operators that ONNX has not stand in the
 * domain org.cnnimg with functions of standard operators beside them, so any runtime can run the file.
 * @param path is written beside its place, synced and renamed: there is never half a file. A file that is there is
 *   replaced, also the model's own.
 * @return #CNNIMG_IO, #CNNIMG_LIMIT (more than 2 GB), #CNNIMG_UNSUPPORTED (something of the network is not known),
 *   #CNNIMG_BADARG ("-"), #CNNIMG_NOMEM.
 */
CNNIMG_API int cnnimg_model_save(const cnnimg_model *model, const char *path, cnnimg_error *err);

/**
 * Told of each tensor of a weight file, in the order of their names (in a file with a graph: of the graph).
 * @param name as the file has it.
 * @param type "float", "int" or "bool": what its numbers are read as.
 * @param dim rank of them, the slowest first.
 * @return #CNNIMG_OK, or a status that ends the list and is returned.
 */
typedef int (*cnnimg_each_tensor)(void *user, const char *name, const char *type, uint32_t rank,
                                  const uint64_t *dim);
/**
 * What tensors are in a weight file, also where they belong to no network that is known.
 * @param path a file, or "-" for standard input.
 * @return #CNNIMG_IO, #CNNIMG_CORRUPT, #CNNIMG_UNSUPPORTED (the format), #CNNIMG_NOMEM, or what the callback returned.
 */
CNNIMG_API int cnnimg_weights_list(cnnimg_context *context, const char *path, cnnimg_each_tensor each, void *user,
                                   cnnimg_error *err);

/** An input or output of a network, as its file declares it. Owned by the model; grows at its end only. */
typedef struct cnnimg_port {
  const char *name; /**< as in the file */
  /** Inputs: "image", "sigma", "mask", "hint", "kernel", "vector", or "" where nothing is known. Outputs: "image" for the
   * one that picture runs take, else "". */
  const char *role;
  int32_t rank;    /**< dimensions; -1: the file does not say */
  uint64_t dim[8]; /**< rank of them; 0: open */
} cnnimg_port;
/** The i-th input, or NULL past the last one. */
CNNIMG_API const cnnimg_port *cnnimg_model_input(const cnnimg_model *model, size_t i);
/** The i-th output, or NULL past the last one. */
CNNIMG_API const cnnimg_port *cnnimg_model_output(const cnnimg_model *model, size_t i);

/* ---- sessions -------------------------------------------------------- */

#define CNNIMG_WRAP_X 1u /**< cnnimg_params.wrap: the left side goes on at the right one */
#define CNNIMG_WRAP_Y 2u /**< cnnimg_params.wrap: the top goes on at the bottom */

/** What the user wants done. */
typedef enum cnnimg_task {
  CNNIMG_TASK_NONE = 0,
  CNNIMG_TASK_DENOISE,
  CNNIMG_TASK_UPSCALE,
  /**
   * Colours for a picture, grey or not, whose light stays as it is; the result has three colours. For networks whose card
   * says colour=lab: L of CIE Lab, hints and a vector for the whole picture go in, ab comes out. They see the picture with
   * the short side at the card's `size` (default 256); what they say is brought to full size along the picture's own edges.
   * A card that says task=lineart is that of a network for drawings: ink (1 less the light), hints and that vector go in, paint
   * comes out (red, green, blue at a quarter of the size), with which the picture is multiplied, so strokes and paper stay.
   * Paint is spread within the areas that strokes keep apart; one with hints has their colours alone. Strokes are looked for in
   * at most 2^21 pixels, some 50 bytes each. Transparent paper is taken for white, and stays transparent.
   */
  CNNIMG_TASK_COLORIZE,
  /**
   * Fills what cnnimg_params.mask says; all other pixels come out bit for bit. A model is wanted for #CNNIMG_METHOD_NET
   * only. Each hole is filled from a window around it, never from a picture made smaller; what that takes is known once the
   * session is made, and grows with the windows, not with the picture.
   */
  CNNIMG_TASK_INPAINT
} cnnimg_task;

/** How holes are filled. */
typedef enum cnnimg_method {
  CNNIMG_METHOD_AUTO = 0, /**< by the hole's width: by the network (or diffusion), or by patches that either corrects */
  /** by the network: its inputs are the picture, with the hole filled by diffusion, and the mask; it gives the picture */
  CNNIMG_METHOD_NET,
  CNNIMG_METHOD_PATCH,  /**< with patches of the picture itself (PatchMatch), from coarse to fine: texture */
  CNNIMG_METHOD_DIFFUSE /**< smoothly, from the border inwards (splines in tension): scratches, lines, single pixels */
} cnnimg_method;

/**
 * A colour that the user wants at a place: pixels up to radius away from (x, y) are to have it. Light stays the
 * picture's, so a point says hue and saturation; on a drawing it says the paint, its light too, of the whole area between strokes
 * that it lies in. This struct never changes.
 */
typedef struct cnnimg_point {
  uint32_t x;   /**< pixels from the left */
  uint32_t y;   /**< pixels from the top */
  float red;    /**< 0..1, encoded (sRGB) */
  float green;  /**< 0..1 */
  float blue;   /**< 0..1 */
  float radius; /**< pixels; 0: that one pixel. However small, a point is not overlooked. */
} cnnimg_point;

/**
 * Parameters of a session. cnnimg_params_init() sets struct_size and the defaults. The four views are inputs that some
 * networks have (see cnnimg_model_input()); their structs are copied, their pixels are read in place and must live and stay
 * as they are while the session runs. Without a view that the network wants, a session is refused.
 */
typedef struct cnnimg_params {
  size_t struct_size; /**< sizeof(cnnimg_params), set by cnnimg_params_init() */
  int task;           /**< a #cnnimg_task */
  float strength;     /**< 0..1: mix of the result (1) and the original (0); default 1 */
  /** 0..1: how much of the luma that noise does not explain is given back (default 0): what the network took from the
   * picture and stands out of it as texture does. For results of the source's own size. */
  float detail;
  /** Standard deviation of the noise on the 0..255 scale, at most 255; < 0: estimate (the default). Where that is below
   * 0.25, a network that takes sigma leaves pictures of its own size as they were: there is no noise. */
  float sigma;
  uint32_t tile;      /**< width of a column stripe in pixels of the result; 0: chosen. Changes no byte. */
  /** The result's size over the source's is scale_num / scale_den, any above 0, rounded; 0: the network's factor. */
  uint32_t scale_num;
  uint32_t scale_den; /**< goes with scale_num */
  /** 1: the mean of the eight flips and rotations, computed in float; takes eight times as long. 0: one run. */
  uint32_t augment;
  uint64_t seed;      /**< for what draws random numbers: #CNNIMG_METHOD_PATCH */
  /** Noise a pixel, one channel: 0..1 is sigma 0..255, so an 8-bit sample is sigma itself. */
  const cnnimg_view *sigma_map;
  /** What to fill, one channel: 1 fill, 0 keep. Of #CNNIMG_TASK_INPAINT: from one half on; only looked at while the session
   * is made. */
  const cnnimg_view *mask;
  const cnnimg_view *hints;  /**< as many channels (alpha included) as the network's input */
  const cnnimg_view *kernel; /**< a blur kernel, one channel, of its own size, values as they are */
  /** Pixels of the result that are done, of all. Not 0 cancels. On the thread that called the run. */
  int (*progress)(void *user, uint64_t done, uint64_t total);
  void *progress_user;         /**< handed to progress */
  const cnnimg_cancel *cancel; /**< looked at while running; must outlive the session; may be NULL */
  /**
   * The result's size in pixels, which goes before scale_num. One of them 0: as the source's proportions say. Both 0: by
   * scale_num. The network runs once, by its own factor; its picture is then brought to this size (Lanczos, three lobes,
   * antialiased, on encoded values).
   */
  uint32_t result_width;
  uint32_t result_height; /**< goes with result_width */
  /** 1: what of the colours varies slowly (over more than some ten pixels of the source) is made the source's; 0 (the
   * default): as the network gives it. */
  uint32_t fix_color;
  /**
   * CNNIMG_WRAP_* bits: what lies outside the picture is the picture's other side, not its mirror image, for as far as the
   * network looks (64 pixels, where it looks at the whole picture). Sides that are no multiple of the network's own grid
   * leave a seam where that grid does not continue; most networks have none.
   */
  uint32_t wrap;
  /** 0..1: how much of what the network did to chroma counts: 1 (the default) all of it, 0: chroma (colour less luma,
   * ITU-R BT.601) is the source's. Luma is the network's in any case, but for what a sample cannot hold. */
  float chroma;
  /** Quality of the JPEG file that the picture was, 1..100, for networks that take it (input.NAME=quality); 0: not known. */
  uint32_t jpeg_quality;
  /** Of #CNNIMG_TASK_COLORIZE: colours at places, later ones over earlier ones and over `hints`; copied. There `hints` is a
   * picture of the source's size: pixels whose alpha is at least one half are to have their colour. The network is told, and
   * what it made of them is set right, there and in all that can be reached from there without crossing an edge. */
  const cnnimg_point *points;
  size_t n_points; /**< goes with points; at most 4096 */
  /** Of #CNNIMG_TASK_COLORIZE: ab (of CIE Lab) is multiplied by it, 0..4; default 1. What no screen shows is made paler. */
  float saturation;
  /** Of #CNNIMG_TASK_COLORIZE: a picture of any size whose colours the result is to have, such as a palette of some pixels;
   * only looked at while the session is made. */
  const cnnimg_view *reference;
  uint32_t method;      /**< of #CNNIMG_TASK_INPAINT: a #cnnimg_method; default auto */
  uint32_t invert_mask; /**< of #CNNIMG_TASK_INPAINT: 1: what the mask says is kept, and all else filled */
  uint32_t grow;        /**< of #CNNIMG_TASK_INPAINT: what is at most so many pixels from the mask is filled too, 0..255 */
  /** Of #CNNIMG_TASK_INPAINT: the original shines through towards the hole's border, this far inwards, 0..255 pixels. */
  float feather;
  /** Of #CNNIMG_TASK_INPAINT: 1: what is filled becomes opaque; 0 (the default): alpha is the source's. */
  uint32_t fill_alpha;
  /**
   * Iterations of deblurring, at most 100 (8 are usual); 0 (the default): none. The source is taken for a picture that was
   * blurred by `kernel` and has noise of `sigma` (below 0.255 is taken for that): the result is the picture from before,
   * found by steps that fit it to the source in Fourier space and by the network in turns, which has to be one that takes
   * sigma and keeps sizes. The kernel is what a point of light became, as it looks in the picture: its weights, of any sum
   * above 0 and at most 1023 a side and as many as the picture, are looked at while the session is made only; the light
   * was at pixel (width / 2, height / 2), rounded down. What is beyond the picture's borders is found along with it; with
   * `wrap` it is the other side. The whole picture is held as floats, some 32 bytes a pixel (grey: 16), of which at most
   * three quarters of memory_limit may be used. A rectangle of the result takes as long as the whole. Alpha stays as it is,
   * strength and augment mean what they mean elsewhere; detail, chroma, fix_color, other sizes, sigma_map, mask and hints
   * are refused, as are samples that are no finite numbers. Wants a library that was built with FFTW; a program that plans
   * transforms of FFTW's single precision itself, in other threads, has to call fftwf_make_planner_thread_safe() first.
   */
  uint32_t deblur;
} cnnimg_params;

/**
 * Draws the kernel of a lens out of focus, a Gaussian one, cut off at four sigmas, for cnnimg_params.kernel.
 * @param sigma its standard deviation in pixels, 0.1..50.
 * @param side receives pixels a side.
 * @param weights side x side floats whose sum is 1, row by row; NULL: only side is said.
 * @return #CNNIMG_BADARG.
 */
CNNIMG_API int cnnimg_kernel_gauss(float sigma, uint32_t *side, float *weights, cnnimg_error *err);
/**
 * The same of a camera that moved while it looked: an antialiased straight line.
 * @param length in pixels, 1..400.
 * @param degrees its angle, counter-clockwise from the x axis as one sees the picture: 0 is level, 90 upright.
 */
CNNIMG_API int cnnimg_kernel_motion(float length, float degrees, uint32_t *side, float *weights, cnnimg_error *err);

/** What a run will cost. Owned by the session; grows at its end only. */
typedef struct cnnimg_cost {
  uint32_t width;         /**< of the result, pixels */
  uint32_t height;        /**< of the result, pixels */
  uint32_t tile;          /**< width of a column stripe, pixels of the result */
  uint32_t tiles;         /**< how many stripes */
  uint32_t band;          /**< rows of the result that are computed together */
  uint32_t halo;          /**< how far a pixel of the result looks, pixels of the source */
  uint32_t threads;       /**< workers, the calling thread included */
  uint64_t bytes;         /**< working memory, packed weights included */
  uint64_t weight_bytes;  /**< packed weights; sessions of one model that run at one time share them */
  uint64_t multiply_adds; /**< of the whole picture, halos of stripes included */
} cnnimg_cost;

/** Sets struct_size and the defaults. */
CNNIMG_API void cnnimg_params_init(cnnimg_params *params, int task);
/**
 * Plans runs on pictures of this format: nothing is computed, all memory that runs need is taken.
 * Any size works: borders that a network eats, and multiples that it wants, are made up by mirroring the picture.
 * @param params NULL for the defaults; copied.
 * @param model may be NULL for #CNNIMG_TASK_INPAINT without a network.
 * @param format of the source. What the result is like says cnnimg_session_format().
 * @param out receives the session, or NULL on failure. It holds a reference to the model; the context must outlive it.
 * @return #CNNIMG_BADARG (format or parameters), #CNNIMG_UNSUPPORTED (the network is none for such pictures),
 *   #CNNIMG_LIMIT, #CNNIMG_NOMEM.
 */
CNNIMG_API int cnnimg_session_new(cnnimg_context *context, cnnimg_model *model, const cnnimg_params *params,
                                  const cnnimg_format *format, cnnimg_session **out, cnnimg_error *err);
/** NULL is allowed. */
CNNIMG_API void cnnimg_session_free(cnnimg_session *session);
/** What runs cost, and the size of the result. Never NULL, owned by the session. */
CNNIMG_API const cnnimg_cost *cnnimg_session_cost(const cnnimg_session *session);
/** The shape of the result: the source's, but for width, height and, behind #CNNIMG_TASK_COLORIZE, three colours. Owned by
 * the session; all zero where it is for tensors. */
CNNIMG_API const cnnimg_format *cnnimg_session_format(const cnnimg_session *session);
/** The plan in words, for people: a line a layer. Owned by the session. */
CNNIMG_API const char *cnnimg_session_plan(const cnnimg_session *session);
/** The sigma (0..255 scale) that the last run used; estimated where it was asked for. < 0: not known yet. */
CNNIMG_API float cnnimg_session_sigma(const cnnimg_session *session);
/**
 * Sets the sigma of the runs that follow. < 0: estimate. Rectangles of one picture share an estimate: the first
 * cnnimg_run_region() makes it from the whole picture and the session keeps it; call this with -1 for another picture.
 * cnnimg_run() and cnnimg_run_rows() estimate anew each time.
 */
CNNIMG_API int cnnimg_session_set_sigma(cnnimg_session *session, float sigma, cnnimg_error *err);
/**
 * Sets the points of the runs that follow, of a session for #CNNIMG_TASK_COLORIZE. The picture that the last run or
 * rectangle was of is still known: rectangles are then coloured anew without its being looked at as a whole again (-1 to
 * cnnimg_session_set_sigma() forgets it).
 * @return #CNNIMG_BADARG (a point outside the picture, another task), #CNNIMG_NOMEM; the points are then as before.
 */
CNNIMG_API int cnnimg_session_set_points(cnnimg_session *session, const cnnimg_point *points, size_t n,
                                         cnnimg_error *err);

/* ---- runs ------------------------------------------------------------ */

/**
 * Runs over the caller's pixels.
 * @param src of the format that the session was made for.
 * @param dst of the result's size and colours (cnnimg_session_format()); sample, alpha and transfer are its own (alpha that the source does not have
 *   is opaque). May be the same memory as src, with the same strides, where their sizes agree; with several stripes the
 *   source is then kept in a temporary copy.
 * @return #CNNIMG_OK, #CNNIMG_BADARG, #CNNIMG_NOMEM, #CNNIMG_CANCELLED, #CNNIMG_IO (temporary file).
 *   dst holds part of the result on failure.
 */
CNNIMG_API int cnnimg_run(cnnimg_session *session, const cnnimg_view *src, const cnnimg_view *dst,
                          cnnimg_error *err);
/**
 * Fills `to` with the rectangle of the source whose top left pixel is (x, y) and whose size is to's. `to` is interleaved
 * without gaps, of the source's format but for its size. Returns a #cnnimg_status.
 */
typedef int (*cnnimg_read_rect)(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err);
/** A #cnnimg_read_rect that reads a picture in memory; user is its `const cnnimg_view *`. */
CNNIMG_API int cnnimg_read_view(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err);
/**
 * Computes a rectangle of the result: the same bytes as that part of the whole. Only what the rectangle needs is read (its
 * halo around it), perhaps in several pieces, perhaps some of it twice; all of it once, in strips, where sigma is to be
 * estimated.
 * @param x,y top left pixel of the rectangle, in the result.
 * @param dst its pixels; format.width and height are the rectangle's size, the rest as in cnnimg_run().
 */
CNNIMG_API int cnnimg_run_region(cnnimg_session *session, cnnimg_read_rect read, void *read_user, uint32_t x,
                                 uint32_t y, const cnnimg_view *dst, cnnimg_error *err);
/** Fills one row (interleaved, of the source's format); rows are asked for in order, each once. Returns a #cnnimg_status. */
typedef int (*cnnimg_read_row)(void *user, uint32_t y, void *row, cnnimg_error *err);
/** Takes one row of the result; rows come in order, each once. Returns a #cnnimg_status. */
typedef int (*cnnimg_write_row)(void *user, uint32_t y, const void *row, cnnimg_error *err);
/** A colour that is likely at a place, with the light that the picture has there. This struct never changes. */
typedef struct cnnimg_suggestion {
  float red;   /**< 0..1, encoded (sRGB) */
  float green; /**< 0..1 */
  float blue;  /**< 0..1 */
  float share; /**< 0..1: how likely it and colours like it are; 0: it is the mean of all */
} cnnimg_suggestion;
/**
 * Which colours are likely at a pixel, of a session for #CNNIMG_TASK_COLORIZE whose network says so (an output "cells",
 * scores of the pairs of ab in its card's line `cells`). First the annealed mean of the distribution (Zhang, Isola, Efros,
 * "Colorful image colorization", ECCV 2016, section 2.3), then the likeliest colours, each with those around it.
 * @param read,read_user as in cnnimg_run_region(); a picture that is known is read at (x, y) only.
 * @param x,y a pixel.
 * @param out receives up to room colours.
 * @param n receives how many.
 * @return #CNNIMG_BADARG, #CNNIMG_UNSUPPORTED (the network has no such output), #CNNIMG_NOMEM, #CNNIMG_CANCELLED.
 */
CNNIMG_API int cnnimg_session_suggest(cnnimg_session *session, cnnimg_read_rect read, void *read_user, uint32_t x,
                                      uint32_t y, cnnimg_suggestion *out, size_t room, size_t *n, cnnimg_error *err);
/**
 * Reads points from a JSON file, {"points": [{"x": 10, "y": 20, "color": "#rrggbb", "radius": 3}, ...]}; radius may be
 * left out (0). What is not known is refused.
 * @param path a file, or "-" for standard input.
 * @param points receives them, or NULL on failure; cnnimg_points_free() frees them.
 * @return #CNNIMG_IO, #CNNIMG_CORRUPT, #CNNIMG_LIMIT (more than 4096 points), #CNNIMG_NOMEM.
 */
CNNIMG_API int cnnimg_points_load(const char *path, cnnimg_point **points, size_t *n, cnnimg_error *err);
/** Writes such a file, beside its place and renamed; colours are rounded to 8 bits. */
CNNIMG_API int cnnimg_points_save(const char *path, const cnnimg_point *points, size_t n, cnnimg_error *err);
/** NULL is allowed. */
CNNIMG_API void cnnimg_points_free(cnnimg_point *points);
/**
 * Runs over a picture that need not fit in memory: rows that are needed again (several stripes, an estimate of sigma) are
 * kept in memory as far as the context's limit allows, else in a temporary file (TMPDIR). The result's rows are of
 * cnnimg_session_format(). A callback's status other than #CNNIMG_OK ends the run and is returned.
 */
CNNIMG_API int cnnimg_run_rows(cnnimg_session *session, cnnimg_read_row read, void *read_user,
                               cnnimg_write_row write, void *write_user, cnnimg_error *err);
/**
 * Blind estimate of the standard deviation of additive white Gaussian noise (0..255 scale), from the
 * smallest eigenvalues of the covariance of small patches: Chen, Zhu, Heng, "An efficient
 * statistical method for image noise level estimation", ICCV 2015. Where chroma holds no noise of its own from pixel to
 * pixel, as in JPEG files with subsampled chroma and whatever was made of them, it is luma's alone, from the middle
 * frequencies of those blocks that have least in the low ones (as in Ponomarenko et al., "An automatic approach to lossy
 * compression of AVIRIS images", IGARSS 2007): the sigma that noise had which gives luma this much.
 * Pictures smaller than 5x5 pixels give 0.
 * @return #CNNIMG_BADARG (the view), #CNNIMG_UNSUPPORTED (samples that are no numbers), #CNNIMG_NOMEM.
 */
CNNIMG_API int cnnimg_estimate_sigma(const cnnimg_view *view, float *sigma, cnnimg_error *err);

/* ---- plain tensors --------------------------------------------------- */

/**
 * An array of floats with a shape, last dimension fastest, without gaps. Integers (indices of an embedding) and truth
 * values are passed as floats too. This struct never changes.
 */
typedef struct cnnimg_tensor {
  const char *name;  /**< of the network's input or output; NULL: by position */
  float *data;       /**< inputs: read only. Outputs: may be NULL, then only rank and dim are set */
  uint32_t rank;     /**< at most 8; outputs: set by the library */
  uint32_t reserved; /**< 0 */
  uint64_t dim[8];   /**< rank of them; outputs: set by the library */
  size_t capacity;   /**< outputs: floats that data has room for; inputs: not looked at */
} cnnimg_tensor;
/**
 * Runs any network on plain arrays: classifiers, text networks, anyone's graph. Nothing of the card is applied.
 * @param in all inputs of the network (see cnnimg_model_input()).
 * @param out the outputs that are wanted; their rank and dim are set, and data where it is given.
 * @return #CNNIMG_BADARG (a name, a shape, too little room), #CNNIMG_UNSUPPORTED, #CNNIMG_LIMIT, #CNNIMG_NOMEM.
 */
CNNIMG_API int cnnimg_run_tensor(cnnimg_context *context, cnnimg_model *model, size_t inputs,
                                 const cnnimg_tensor *in, size_t outputs, cnnimg_tensor *out,
                                 cnnimg_error *err);
/**
 * The same for many runs of one shape: plans once. The tensors' data are not looked at here, and their names and shapes
 * are copied; outputs' rank and dim are set.
 */
CNNIMG_API int cnnimg_session_new_tensor(cnnimg_context *context, cnnimg_model *model, size_t inputs,
                                         const cnnimg_tensor *in, size_t outputs, cnnimg_tensor *out,
                                         cnnimg_session **session, cnnimg_error *err);
/** Runs such a session: as many tensors, in the same order and of the same shapes, as it was made with. */
CNNIMG_API int cnnimg_session_run_tensor(cnnimg_session *session, const cnnimg_tensor *in, cnnimg_tensor *out,
                                         cnnimg_error *err);

/* ---- picture files --------------------------------------------------- */
/** What is known of a picture file from its header. Owned by the reader; grows at its end only. */
typedef struct cnnimg_info {
  cnnimg_format format; /**< as delivered: orientation applied, palette expanded, at least 8 bits */
  const char *codec;    /**< "jpeg", "png", "webp", "tiff", "ppm", "pam" or "pfm"; static */
  uint8_t bits;         /**< a sample in the file: 1, 2, 4, 8, 16, 32 */
  uint8_t orientation;  /**< EXIF value found (1..8), before it was applied */
  uint8_t quality;      /**< JPEG: estimated 1..100; 0: unknown */
  uint8_t subsampling;  /**< JPEG: horizontal * 10 + vertical of luma, e.g. 22; 0: unknown */
  uint8_t has_icc;      /**< 1: the file brings a colour profile */
  uint8_t has_exif;     /**< 1: ... EXIF */
  uint8_t has_xmp;      /**< 1: ... XMP */
  const char *note;     /**< what the file holds besides, and is not delivered (more pages ...), in words; NULL: nothing */
  uint8_t lossless;     /**< 1: the file was compressed without loss, or not at all */
} cnnimg_info;

#define CNNIMG_KEEP_ICC 1u  /**< colour profile */
#define CNNIMG_KEEP_EXIF 2u /**< EXIF, its orientation set to match */
#define CNNIMG_KEEP_XMP 4u  /**< XMP */
#define CNNIMG_KEEP_TEXT 8u /**< comments and texts */
#define CNNIMG_KEEP_ALL 15u /**< all of them */

/** How a picture is written. cnnimg_write_options_init() sets struct_size and the defaults. */
typedef struct cnnimg_write_options {
  size_t struct_size; /**< sizeof(cnnimg_write_options), set by cnnimg_write_options_init() */
  const char *codec;  /**< a word of cnnimg_codec_word(); NULL: from the name, else the source's */
  /** JPEG 1..100; 0: like the source's, else 95. WebP the same, but 100, and 0 where the source is lossless or there is
   * none, mean without loss. */
  int quality;
  uint32_t keep;      /**< CNNIMG_KEEP_* of the source's metadata; default all */
  int overwrite;      /**< 0: an existing file is an error */
} cnnimg_write_options;

/**
 * Opens a picture file, told by its bytes.
 * @param path a file, or "-" for standard input. Limits are judged from the header.
 * @param rotate not 0: EXIF orientation is applied to the pixels and the tag set to match.
 * @param out receives the reader, or NULL on failure; cnnimg_reader_close() frees it.
 * @return #CNNIMG_IO, #CNNIMG_CORRUPT, #CNNIMG_UNSUPPORTED, #CNNIMG_LIMIT, #CNNIMG_NOMEM.
 */
CNNIMG_API int cnnimg_reader_open(cnnimg_context *context, const char *path, int rotate, cnnimg_reader **out,
                                  cnnimg_error *err);
/** What the header says. Never NULL, owned by the reader. */
CNNIMG_API const cnnimg_info *cnnimg_reader_info(const cnnimg_reader *reader);
/** Reads the next row, interleaved, of the format of cnnimg_reader_info(). */
CNNIMG_API int cnnimg_reader_row(cnnimg_reader *reader, void *row, cnnimg_error *err);
/** NULL is allowed. */
CNNIMG_API void cnnimg_reader_close(cnnimg_reader *reader);

/** Sets struct_size and the defaults. */
CNNIMG_API void cnnimg_write_options_init(cnnimg_write_options *options);
/**
 * Starts a file beside its place (renamed by finish) or standard output ("-").
 * @param context its memory limit holds for formats that are compressed as a whole (WebP: 8 bytes a pixel); may be NULL.
 * @param format of the rows that will be written: as encoded, alpha none or straight.
 * @param meta_from a reader whose metadata go along, or NULL; it must live until this function returns.
 * @param options NULL for the defaults.
 * @param out receives the writer, or NULL on failure; cnnimg_writer_finish() or cnnimg_writer_abort() frees it.
 */
CNNIMG_API int cnnimg_writer_open(cnnimg_context *context, const char *path, const cnnimg_format *format,
                                  const cnnimg_reader *meta_from, const cnnimg_write_options *options,
                                  cnnimg_writer **out, cnnimg_error *err);
/** Writes the next row. */
CNNIMG_API int cnnimg_writer_row(cnnimg_writer *writer, const void *row, cnnimg_error *err);
/** Writes what is left, syncs, renames. The writer is freed, whatever comes back. */
CNNIMG_API int cnnimg_writer_finish(cnnimg_writer *writer, cnnimg_error *err);
/** Throws the unfinished file away. NULL is allowed. */
CNNIMG_API void cnnimg_writer_abort(cnnimg_writer *writer);
/** The temporary file's path, for signal handlers that unlink it; NULL for standard output. */
CNNIMG_API const char *cnnimg_writer_temp(const cnnimg_writer *writer);
/** The i-th format that this build writes, as cnnimg_write_options takes it ("png", "jpg" ...), or NULL past the last one;
 * static. */
CNNIMG_API const char *cnnimg_codec_word(size_t i);
/**
 * What a file of that format makes of a picture: alpha that it cannot hold is gone, samples are of the nearest kind, grey
 * may become three colours.
 * @param name a file's name or a word of cnnimg_codec_word().
 * @param given the format of the rows.
 * @param held receives the nearest format that such files hold.
 * @return #CNNIMG_OK, #CNNIMG_BADARG (no such format), #CNNIMG_UNSUPPORTED (more pixels a side than such files hold).
 */
CNNIMG_API int cnnimg_codec_fit(const char *name, const cnnimg_format *given, cnnimg_format *held, cnnimg_error *err);
/** Is there a codec that writes files of this name? Judged by the suffix. */
CNNIMG_API int cnnimg_can_write(const char *name);
/** Could this be a picture file? Judged by the suffix alone (for walking folders). */
CNNIMG_API int cnnimg_looks_like_picture(const char *name);

#ifdef __cplusplus
}
#endif
#endif
