/* SPDX-License-Identifier: MIT */
/* driver.h - what a tool is (a description), and the parts of the one driver that runs it */
#ifndef DRV_DRIVER_H
#define DRV_DRIVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "cnnimg.h"

enum { DRV_EXIT_OK = 0, DRV_EXIT_FAILED = 1, DRV_EXIT_USAGE = 2, DRV_EXIT_MODEL = 3 };

/* What parsing may answer besides an exit status: go on with the work. */
#define DRV_GO (-1)

typedef struct drv_tool drv_tool;
typedef struct drv_settings drv_settings;

/* ---- options: one table drives parsing, --help and the tests ----------------------- */

typedef enum drv_kind {
  DRV_FLAG,  /* bool at `at` becomes true */
  DRV_TEXT,  /* const char * at `at`; not empty */
  DRV_COUNT, /* uint32_t at `at`, from min to max */
  DRV_WORD,  /* uint32_t at `at`: which of `words`, counted from 1; 0 is not given */
  DRV_OWN,   /* own() judges the value */
  DRV_LATER  /* named in the plans, refused by this version */
} drv_kind;

#define DRV_WHY 200 /* room for the sentence that says what is wrong with a value */

typedef struct drv_option {
  char letter;      /* 0: has none */
  const char *name; /* of the long form; NULL: has none */
  const char *arg;  /* what --help calls the value; NULL: takes none */
  const char *help; /* NULL: works, but --help is silent about it */
  drv_kind kind;
  size_t at;
  uint32_t min, max;
  const char *words;                                                 /* "keep|8|16"; of DRV_OWN: what is offered */
  int (*own)(drv_settings *s, const char *value, char why[DRV_WHY]); /* 0, or -1 and why */
  bool rare;                                                         /* --help says its name and no more */
} drv_option;

typedef enum drv_existing {
  DRV_EXISTING_UNSAID,
  DRV_OVERWRITE,
  DRV_SKIP_EXISTING,
  DRV_REFUSE_EXISTING
} drv_existing;
typedef enum drv_depth { DRV_DEPTH_UNSAID, DRV_DEPTH_KEEP, DRV_DEPTH_8, DRV_DEPTH_16 } drv_depth;
typedef enum drv_alpha { DRV_ALPHA_UNSAID, DRV_ALPHA_KEEP, DRV_ALPHA_DROP } drv_alpha;
typedef enum drv_bar { DRV_BAR_UNSAID, DRV_BAR_AUTO, DRV_BAR_ALWAYS, DRV_BAR_NONE, DRV_BAR_JSON } drv_bar;
typedef enum drv_place { DRV_TO_NOTHING, DRV_TO_FILE, DRV_TO_FOLDER, DRV_TO_STDOUT } drv_place;

typedef struct drv_names {
  const char **at;
  size_t n, cap;
} drv_names;

struct drv_settings {
  const drv_tool *tool;
  cnnimg_params params;
  cnnimg_config config;
  drv_names inputs, operands;
  drv_names model_opts; /* "key=value"; a NULL follows the last one */
  const char *output, *format, *suffix, *files_from;
  const char *model, *model_name, *models_dir, *model_info, *save_model;
  drv_place place;
  uint32_t quality, tile, keep, shard, shards;
  uint32_t depth, alpha, existing, bar; /* drv_depth ... */
  bool recursive, null, no_rotate, json, quiet, verbose, dry_run, list_models;
  struct drv_progress *progress; /* what is cleared away before anything else is written; may be NULL */
  int level;                     /* -n LEVEL, where level_said */
  bool level_said;               /* and no sigma after it */
  bool jpeg;                     /* JPEG artefacts are to be removed */
  bool lineart;                  /* drawings are to be coloured */
  const char *sigma_map;         /* picture of the noise; NULL: none */
  const char *deblur;            /* file of the kernel, or what it is drawn by; NULL: none */
  uint32_t iterations;           /* of deblurring; 0: not said */
  bool measure_only; /* the tool's measure() is all that is wanted: nothing is written, no model is needed */
};

/* ---- the description of a tool -------------------------------------------------------- */

typedef struct drv_result drv_result;
typedef struct drv_run drv_run;
typedef struct drv_river drv_river;
typedef enum drv_want { DRV_UNWANTED, DRV_WANTED, DRV_WANTED_IF_THERE } drv_want;

struct drv_tool {
  const char *name;          /* "cnn-denoise" */
  const char *does;          /* one line for --help */
  int task;                  /* a cnnimg_task */
  const char *model;         /* the model that is used when none is named */
  const drv_option *options; /* its own ones, ended by one without letter and name */
  const char *examples;      /* the last lines of --help */
  int (*level)(drv_settings *s, int level, char why[DRV_WHY]); /* -n with a number */
  /* What measure_only prints about a picture: 0 and the value, or a cnnimg_status. */
  int (*measure)(const cnnimg_view *view, float *value, cnnimg_error *err);
  void (*defaults)(drv_settings *s);                      /* before parsing; may be NULL */
  int (*check)(const drv_settings *s, char why[DRV_WHY]); /* after it: do options go together? may be NULL */
  /* Before the first picture, the model is loaded: DRV_GO, or a sentence on stderr and an exit status; may be NULL. */
  int (*start)(drv_run *run);
  void (*finish)(void); /* gives back what it took; may be NULL */
  /* What measure_only answers of a picture with the model's help: r->answer. A cnnimg_status; NULL: see measure. */
  int (*ask)(drv_run *run, const cnnimg_view *view, drv_result *r, cnnimg_error *err);
  /* Why a file of a folder is none to be worked at, or NULL; the hook may be NULL. */
  const char *(*passes)(const drv_settings *s, const char *path);
  /* Before a picture is planned: what it needs besides goes into the run's parameters. A cnnimg_status; may be NULL. */
  int (*besides)(drv_run *run, const drv_river *r, cnnimg_error *err);
  drv_want (*wants_model)(const drv_settings *s); /* NULL: always */
  bool picks;     /* without a model's name, one is picked for each picture (pick.c) */
  bool estimates; /* sigma below 0 in the parameters is estimated, and worth telling */
};

extern const drv_tool drv_this_tool; /* each program links exactly one */

/* options.c, values.c, help.c */
extern const drv_option drv_common_options[];
int drv_parse(drv_settings *s, int argc, char **argv); /* DRV_GO or an exit status */
void drv_settings_free(drv_settings *s);
int drv_names_add(drv_names *names, const char *name);                 /* 0, or -1 without memory */
int drv_number(const char *text, double min, double max, double *out); /* 0, or -1: not such a number */
int drv_rgb(const char *text, uint8_t rgb[3]); /* 0, or -1: it does not begin with #RRGGBB */
/* What can be written, for sentences: "png, jpg, ppm". Returns words. */
#define DRV_WORDS 80
const char *drv_formats(char words[DRV_WORDS]);
int drv_left_out(const char *name, char why[DRV_WHY]); /* 1 and why: the build lacks what writes this format */
int drv_set_format(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_add_model_opt(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_save(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_name(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_sync(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_gpu(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_threads(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_memory(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_strength(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_augment(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_wrap(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_detail(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_share(const char *value, float *share, char why[DRV_WHY]); /* a percentage */
int drv_set_keep(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_suffix(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_shard(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_set_pixels(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_show_help(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_show_version(drv_settings *s, const char *value, char why[DRV_WHY]);
int drv_show_options(drv_settings *s, const char *value, char why[DRV_WHY]);

/* ---- walk.c, naming.c: the list of files ------------------------------------------------ */

typedef enum drv_fate { DRV_RUN, DRV_PASS, DRV_FAIL } drv_fate;

typedef struct drv_job {
  char *in;     /* path as it is opened; "-" is standard input */
  char *rel;    /* path below the output folder, before suffix and format; "/" between names */
  char *out;    /* NULL: nothing is written */
  char *reason; /* of DRV_PASS and DRV_FAIL */
  drv_fate fate;
  bool known;   /* the file is there: dev, ino, bytes hold */
  bool regular; /* ... and is no pipe or device */
  dev_t dev;
  ino_t ino;
  uint64_t bytes;
} drv_job;

typedef struct drv_jobs {
  drv_job *at;
  size_t n, cap;
  bool nomem; /* something had to be left out */
} drv_jobs;

/* Finds all inputs, decides the kind of place that they go to; DRV_GO or an exit status. */
int drv_collect(drv_settings *s, drv_jobs *jobs);
void drv_jobs_free(drv_jobs *jobs);
drv_job *drv_jobs_add(drv_jobs *jobs, char *in, char *rel); /* takes the strings over; NULL without memory */
void drv_walk(const drv_settings *s, const char *root, const char *prefix, drv_jobs *jobs);
/* Output paths, and what must not be done: two results in one file, an input overwritten. */
int drv_name_outputs(const drv_settings *s, drv_jobs *jobs);
int drv_place_of(drv_settings *s);                    /* DRV_GO or an exit status */
char *drv_join(const char *folder, const char *name); /* malloc'ed */
bool drv_is_folder(const char *path);
const char *drv_base(const char *path);
int drv_make_parents(const char *path); /* 0 or -1 and errno */

/* ---- models.c ---------------------------------------------------------------------------- */

/* The file of the model that the settings name (malloc'ed), or NULL and a sentence on stderr. */
char *drv_find_model(const drv_settings *s);
bool drv_model_is_there(const drv_settings *s); /* can it be found? */
/* The same of a word; malloc'ed. */
char *drv_find_word(const drv_settings *s, const char *word);
enum { DRV_NO_DEEPER = 1000 }; /* a depth at which folders are not gone into, with -r neither */
typedef void (*drv_each_model)(void *user, const char *name, const char *path);
/* Every built-in model, in the order of names; -1: there are none. */
int drv_each_built_in(const drv_settings *s, drv_each_model each, void *user);
/* Every file of a folder that could be weights, in the order of names, with -r of those below too; -1 and a sentence. */
int drv_each_in(const drv_settings *s, const char *folder, int depth, drv_each_model each, void *user);

/* ---- pick.c: one of several networks, for each picture ---------------------------------------- */

typedef struct drv_candidate {
  char *path, *name;
  int scale, level; /* factor; noise that it removes, -1: none */
  double parameters;
} drv_candidate;
typedef struct drv_candidates {
  drv_candidate *at;
  size_t n;
} drv_candidates;

bool drv_picks(const drv_settings *s);
int drv_gather(drv_run *run); /* DRV_GO, or an exit status and a sentence on stderr */
/* The model for pictures of that format, where candidates were gathered. */
int drv_pick(drv_run *run, const cnnimg_format *format, cnnimg_error *err);
void drv_candidates_free(drv_candidates *all);
bool drv_has_level(const drv_candidates *all, int level); /* is one of them for that level? */
int drv_level_of(const cnnimg_model *m, const char *path); /* of noise that it removes, by its card or its file's name */
/* ---- near.c: what lies near the program ---------------------------------------------------------- */

/* Folders above the program's own, the nearest (up: 1) first, until true is given back. */
typedef bool drv_near_place(void *user, const char *folder, int up);
void drv_near_each(drv_near_place *each, void *user);
/* Tells the library of the helper program in this tree, unless the environment names one. Before any thread starts. */
void drv_near_helper(void);
/* ---- levels.c: waifu2x's noise levels ------------------------------------------------------------ */

enum { DRV_LEVEL_NONE = -1, DRV_LEVEL_MOST = 3 };
/* What the name of a file says, as waifu2x's and Real-CUGAN's do; false: nothing. *scale 0: it does not say. */
bool drv_name_says(const char *name, int *level, int *scale);
/* The level that was asked for, of a model that was not chosen by it: sets sigma; DRV_GO, or a sentence and a status. */
int drv_use_level(drv_settings *s, const cnnimg_model *model, const char *path);
float drv_level_sigma(int level); /* noise of about that strength, of 255 */
bool drv_takes_sigma(const cnnimg_model *model);


/* ---- cards.c: questions about models, and a model as a file ------------------------------------ */

int drv_list_models(const drv_settings *s, cnnimg_context *context);
int drv_model_card(const drv_settings *s, cnnimg_context *context);
int drv_save_model(const drv_settings *s, const cnnimg_model *model,
                   const char *path); /* DRV_GO or an exit status */

/* ---- signals.c ----------------------------------------------------------------------------- */

extern cnnimg_cancel drv_cancel;
void drv_signals_install(void);
/* From a guard_begin to its guard_end the first signal only cancels; otherwise it ends the program at once. */
#define DRV_GUARDS 2                              /* files whose results may be under way at a time */
int drv_guard_begin(void);                        /* which of them it is; called by the main thread only */
void drv_guard_temp(int guard, const char *path); /* what a second signal unlinks; NULL: nothing */
void drv_guard_end(int guard);                    /* below 0 is allowed */
void drv_signals_finish(void);                    /* dies by the signal that was caught, if one was */

/* ---- progress.c ------------------------------------------------------------------------------ */

typedef struct drv_progress {
  drv_bar bar;
  bool terminal, shown;
  double start, last;                        /* seconds on the monotonic clock */
  uint64_t bytes_done, bytes_now, bytes_all; /* of input files: what was done, this one, all */
  size_t file, files;
  const char *name;
} drv_progress;

double drv_now(void);
void drv_progress_init(drv_progress *p, const drv_settings *s, const drv_jobs *jobs);
void drv_progress_file(drv_progress *p, const drv_job *job); /* a file begins */
void drv_progress_done(drv_progress *p);                     /* a file has ended */
int drv_progress_tick(void *progress, uint64_t done, uint64_t total);
void drv_progress_clear(drv_progress *p); /* before anything else is written to the terminal */

/* ---- report.c ---------------------------------------------------------------------------------- */

struct drv_result {
  const char *status; /* "done", "skipped", "failed", "planned", "measured" */
  const char *model;
  uint32_t in_width, in_height; /* of the input, turned as EXIF says; 0: not known */
  uint32_t width, height;       /* of the result; 0: not known */
  float sigma;                  /* below 0: none */
  double seconds, estimate;     /* below 0: none */
  cnnimg_cost cost;             /* bytes 0: not known */
  char error[600];
  char answer[600], answer_json[600]; /* of the tool's ask(): lines, and members of an object; "": it was not asked */
};

/* Writes the sentence; returns the status. */
int drv_fail(cnnimg_error *err, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* One sentence on stderr: "tool: path: text". path may be NULL; where text names the path already it is not said twice. */
void drv_say(const drv_settings *s, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void drv_note(const drv_settings *s, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void drv_report(const drv_settings *s, const drv_job *job, const drv_result *r, bool alone);
void drv_json_put(FILE *to, const char *text);
void drv_json_string(const char *text);                /* to standard output */
void drv_json_text(const char *key, const char *text); /* ,"key":"text" or null */
uint64_t drv_peak_memory(void);

/* ---- written.c -------------------------------------------------------------------------------- */

typedef struct drv_file drv_file;
typedef struct drv_written {
  drv_file *at;
  size_t n, room; /* a power of two */
} drv_written;
/* Does the path lead to a file that was added? */
bool drv_written_has(const drv_written *w, const char *path);
void drv_written_add(drv_written *w, const char *path);
void drv_written_fini(drv_written *w);

/* ---- files.c, work.c, rows.c ------------------------------------------------------------------------ */

typedef struct drv_lane drv_lane;
typedef struct drv_item drv_item;
typedef struct drv_before drv_before;

struct drv_run {
  const drv_settings *s;
  cnnimg_params params; /* with progress and cancel */
  cnnimg_context *context;
  cnnimg_model *model;
  char *model_path;
  cnnimg_session *session; /* the last one: used again for a picture of the same shape */
  cnnimg_format session_format;
  drv_progress progress;
  double speed;              /* multiply-adds a second, for estimates; 0: not measured yet */
  char *planned;             /* the plan that was printed last */
  drv_candidates candidates; /* none: the model is the one that was named */
  drv_written written;
  cnnimg_view map;    /* of sigma; data NULL: not read */
  cnnimg_view kernel; /* of a blur; the same */
  drv_item *next; /* the file that is opened and decoded while the present one is computed; NULL: none */
  drv_item *last; /* the file whose end is encoded meanwhile; NULL: none */
  bool alone;     /* one file was named, and no folder or list */
  bool failed;    /* a file has failed */
  bool broken;    /* nothing more can be told on standard output */
  drv_before *before; /* noise is removed by another network before; NULL: it is not */
  bool before_ended;  /* that is done for the present picture */
};

/* All files, one after another; an exit status. */
int drv_do_files(drv_run *run, const drv_jobs *jobs);
/* The session's callback: the bar, and the report of a file whose end has been written meanwhile. */
int drv_files_tick(void *run, uint64_t done, uint64_t total);
void drv_run_fini(drv_run *run);

/* One file's rows on their way: as the file has them, as the network gets and gives them, as they are written. */
struct drv_river {
  const drv_job *job;
  cnnimg_reader *reader;
  cnnimg_writer *writer;
  cnnimg_format read, worked, result, written;
  uint8_t *in, *out;        /* rows that are converted; NULL: nothing to convert */
  int guard;                /* of the temporary file; -1: none */
  drv_lane *ahead, *behind; /* NULL: the codec runs on the thread that computes */
};

/* Opens the file, and where early is said decodes it as far as the lane goes. On any thread. */
int drv_river_open(const drv_run *run, drv_river *r, const drv_job *job, bool early, cnnimg_error *err);
/* The session that it needs, and what it will cost. */
int drv_river_plan(drv_run *run, drv_river *r, drv_result *result, cnnimg_error *err);
/* Computes until all rows are written, or wait in the lane behind. drv_river_finish() follows, whatever comes back. */
int drv_river_run(drv_run *run, drv_river *r, drv_result *result, cnnimg_error *err);
/* Is its place not that of an earlier file's result? A cnnimg_status. */
int drv_river_place(const drv_run *run, const drv_river *r, cnnimg_error *err);
/* Gives the result its name, or throws it away where status is a failure. On any thread. */
int drv_river_finish(drv_river *r, int status, cnnimg_error *err);
void drv_river_close(drv_river *r);

size_t drv_row_bytes(const cnnimg_format *f);
/* Changes what differs of two formats of one width: fewer channels (alpha dropped), other samples. */
void drv_convert_row(const cnnimg_format *from, const void *src, const cnnimg_format *to, void *dst);

/* ---- lane.c: rows of a file are decoded ahead, or encoded behind, on a thread of their own ---------- */

/* On the lane's thread, for each row in order: fills the row (from a file), or takes it (to a file). */
typedef int (*drv_row_work)(void *user, void *row, cnnimg_error *err);

/* A lane of f's rows, slots of which may wait. fills: work fills them; else it takes them. NULL: no memory or thread. */
drv_lane *drv_lane_start(const cnnimg_format *f, uint32_t slots, bool fills, drv_row_work work, void *user);
/* The next row: out of a lane that fills, into one that takes. A failure of work comes back here, after the rows that
 * were good, or soon after the row that could not be taken; a cancelled run comes back at once. */
int drv_lane_row(drv_lane *l, void *row, cnnimg_error *err);
/* Waits until all rows were taken. */
int drv_lane_drain(drv_lane *l, cnnimg_error *err);
/* A thread that no signal comes to, but SIGBUS of its own; 0, or it could not be started. */
int drv_thread_start(pthread_t *id, void *(*work)(void *), void *arg);
/* Stops after the row that is being worked at. NULL is allowed. */
void drv_lane_end(drv_lane *l);

/* besides.c: what a network wants besides the picture. Does the model do what was asked for? DRV_GO, or a sentence and a status. */
int drv_check_model(const drv_settings *s, const cnnimg_model *model, const char *path);
bool drv_takes(const cnnimg_model *model, const char *role); /* has it an input for that? */
/* The map of sigma and the JPEG quality for this picture, into the run's parameters. */
int drv_use_besides(drv_run *run, const drv_river *r, cnnimg_error *err);
/* kernels.c: is it gauss:S or motion:LEN,ANGLE with numbers that there may be? 0, 1: neither, it is a file; -1 and why. */
int drv_kernel_word(const char *text, char why[DRV_WHY]);
/* The kernel of --deblur, drawn or read once, into the run's parameters. */
int drv_use_kernel(drv_run *run, cnnimg_error *err);
uint64_t drv_memory_cap(const drv_settings *s); /* measure.c: of --memory, else half of the machine's */

#define DRV_DENOISER "denoise" /* the built-in model that does it */
/* before.c: -n LEVEL for networks that only enlarge. Loads the network that removes noise before: DRV_GO or an exit status. */
int drv_before_load(drv_run *run);
/* Its session for pictures of this format; what it costs is added to r. A cnnimg_status. */
int drv_before_plan(drv_run *run, const cnnimg_format *f, drv_result *r, cnnimg_error *err);
/* Both networks, one after the other, over rows from read to write. */
int drv_before_run(drv_run *run, cnnimg_read_row read, cnnimg_write_row write, void *user, cnnimg_error *err);
int drv_before_tick(drv_run *run, uint64_t done, uint64_t total);
void drv_before_free(drv_before *b);
bool drv_same_format(const cnnimg_format *a, const cnnimg_format *b);

/* The session for pictures of this format, made or the last one again. */
int drv_session_for(drv_run *run, const cnnimg_format *format, cnnimg_error *err);
/* measure.c: what needs no file to be written */
int drv_measure(drv_run *run, cnnimg_reader *reader, drv_result *r, cnnimg_error *err);
int drv_plan_only(drv_run *run, drv_result *r, cnnimg_error *err);

#endif
