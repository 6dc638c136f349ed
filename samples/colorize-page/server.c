/* SPDX-License-Identifier: MIT */
/* server.c - a page on this machine's loopback where pictures are coloured by clicking: requests, limits, answers */
#include "page.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_HINTS ((size_t)1 << 20) /* bytes of a list of points */
#define CONNECTIONS 16
#define SECONDS 60 /* that a connection may be silent */

/* The page itself, made of page.html by the makefile. */
static const unsigned char page[] = {
#include "page.inc"
};

typedef struct server {
  pg_room room;
  unsigned port;
  uint64_t most_bytes; /* of a picture's file */
  unsigned requests;   /* so many have been: numbers of files */
} server;

/* What a browser sends is collected in a file of the folder. */
typedef struct request {
  char path[PG_PATH]; /* "": none yet */
  int fd;
  uint64_t bytes, most;
  bool post, too_large, broken;
} request;

typedef enum MHD_Result result;

/* ---- answers ------------------------------------------------------------------------------------- */

/* Nothing is loaded from elsewhere, nobody puts the page into a frame, nothing is kept. */
static void add_headers(struct MHD_Response *r, const char *type) {
  MHD_add_response_header(r, "Content-Type", type);
  MHD_add_response_header(r, "Cache-Control", "no-store");
  MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
  MHD_add_response_header(r, "Cross-Origin-Resource-Policy", "same-origin");
  MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
  MHD_add_response_header(r, "Content-Security-Policy",
                          "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                          "img-src blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
                          "form-action 'none'");
}

static result answer(struct MHD_Connection *c, unsigned code, const char *type, const void *data, size_t n) {
  struct MHD_Response *r = MHD_create_response_from_buffer(n, (void *)(uintptr_t)data, MHD_RESPMEM_MUST_COPY);
  if (!r) return MHD_NO;
  add_headers(r, type);
  const result done = MHD_queue_response(c, code, r);
  MHD_destroy_response(r);
  return done;
}

/* As JSON wants it; what is not ASCII stands as it is, the library's sentences are UTF-8. */
static void quote(char *to, size_t room, const char *text) {
  size_t n = 0;
  for (; *text && n + 8 < room; text++) {
    const unsigned char ch = (unsigned char)*text;
    if (ch == '"' || ch == '\\') to[n++] = '\\', to[n++] = (char)ch;
    else if (ch < 32 || ch == 127) n += (size_t)snprintf(to + n, 7, "\\u%04x", ch);
    else to[n++] = (char)ch;
  }
  to[n] = 0;
}

static result refuse(struct MHD_Connection *c, unsigned code, const char *sentence) {
  char text[1400], quoted[1300];
  quote(quoted, sizeof quoted, sentence);
  const int n = snprintf(text, sizeof text, "{\"error\":\"%s\"}\n", quoted);
  return answer(c, code, "application/json", text, (size_t)n);
}

/* Where files lie on this machine is nobody's business: what stands behind it is the sentence. */
static result refuse_error(const server *s, struct MHD_Connection *c, const cnnimg_error *err) {
  const char *text = err->text;
  const size_t n = strlen(s->room.folder);
  const char *rest = strncmp(text, s->room.folder, n) ? NULL : strstr(text, ": ");
  const unsigned code = err->code == CNNIMG_LIMIT                             ? MHD_HTTP_CONTENT_TOO_LARGE
                        : err->code == CNNIMG_NOMEM || err->code == CNNIMG_IO ? MHD_HTTP_INTERNAL_SERVER_ERROR
                        : err->code == CNNIMG_CANCELLED                       ? MHD_HTTP_SERVICE_UNAVAILABLE
                                                                              : MHD_HTTP_BAD_REQUEST;
  return refuse(c, code, rest ? rest + 2 : text);
}

/* The file is gone from the folder at once, its bytes are there until they are sent. */
static result answer_file(struct MHD_Connection *c, const char *path, const char *type, const char *name) {
  struct stat st;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  unlink(path);
  if (fd < 0 || fstat(fd, &st)) return refuse(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "the result is not there");
  struct MHD_Response *r = MHD_create_response_from_fd64((uint64_t)st.st_size, fd);
  if (!r) return close(fd), MHD_NO;
  add_headers(r, type);
  if (name) {
    char text[80];
    snprintf(text, sizeof text, "attachment; filename=\"%s\"", name);
    MHD_add_response_header(r, "Content-Disposition", text);
  }
  const result done = MHD_queue_response(c, MHD_HTTP_OK, r);
  MHD_destroy_response(r);
  return done;
}

/* ---- who asks -------------------------------------------------------------------------------------- */

/* text: "127.0.0.1:PORT" or "localhost:PORT" */
static bool is_us(const server *s, const char *text) {
  char own[2][40];
  snprintf(own[0], sizeof own[0], "127.0.0.1:%u", s->port);
  snprintf(own[1], sizeof own[1], "localhost:%u", s->port);
  return text && (!strcmp(text, own[0]) || !strcmp(text, own[1]));
}

/*
 * Any page of the world can have a browser ask us. A name that suddenly means 127.0.0.1 is seen by Host; another page's
 * request that changes something, by Origin.
 */
static bool may_ask(const server *s, struct MHD_Connection *c) {
  const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host"),
             *origin = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin");
  if (!is_us(s, host)) return false;
  return !origin || (!strncmp(origin, "http://", 7) && is_us(s, origin + 7));
}

static const char *argument(struct MHD_Connection *c, const char *name) {
  return MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
}

/* A whole number; false: it is none. */
static bool number(const char *text, uint32_t *out) {
  const size_t n = text ? strspn(text, "0123456789") : 0;
  if (n < 1 || n > 9 || text[n]) return false;
  *out = (uint32_t)strtoul(text, NULL, 10);
  return true;
}

/* ---- what is asked ----------------------------------------------------------------------------------- */

static result do_open(server *s, struct MHD_Connection *c, request *q) {
  cnnimg_error err = {0};
  pg_picture *p;
  char text[200];
  if (pg_open(&s->room, q->path, &p, &err)) return refuse_error(s, c, &err);
  const int n =
      snprintf(text, sizeof text,
               "{\"picture\":\"%s\",\"width\":%u,\"height\":%u,\"preview_width\":%u,\"preview_height\":%u}\n",
               p->id, p->width, p->height, p->preview.format.width, p->preview.format.height);
  return answer(c, MHD_HTTP_OK, "application/json", text, (size_t)n);
}

static unsigned byte_of(float v) { return v > 0 ? v < 1 ? (unsigned)(v * 255 + 0.5f) : 255 : 0; }

static result tell(struct MHD_Connection *c, const cnnimg_suggestion *at, size_t n) {
  char text[80 * PG_SUGGESTED];
  size_t used = 0;
  for (size_t i = 0; i < n; i++) {
    const unsigned rgb = byte_of(at[i].red) << 16 | byte_of(at[i].green) << 8 | byte_of(at[i].blue);
    used += (size_t)snprintf(text + used, sizeof text - used,
                             !i       ? "{\"mean\":\"#%06x\",\"colors\":["
                             : i == 1 ? "{\"color\":\"#%06x\",\"percent\":%.0f}"
                                      : ",{\"color\":\"#%06x\",\"percent\":%.0f}",
                             rgb, (double)at[i].share * 100);
  }
  used += (size_t)snprintf(text + used, sizeof text - used, "]}\n");
  return answer(c, MHD_HTTP_OK, "application/json", text, used);
}

static result do_suggest(server *s, struct MHD_Connection *c, pg_picture *p, const pg_points *points) {
  cnnimg_error err = {0};
  cnnimg_suggestion found[PG_SUGGESTED];
  uint32_t x, y;
  size_t n;
  if (!number(argument(c, "x"), &x) || !number(argument(c, "y"), &y))
    return refuse(c, MHD_HTTP_BAD_REQUEST, "x and y must be whole numbers");
  if (pg_suggest(&s->room, p, points, x, y, found, &n, &err)) return refuse_error(s, c, &err);
  return tell(c, found, n);
}

static result do_save(server *s, struct MHD_Connection *c, pg_picture *p, const pg_points *points) {
  cnnimg_error err = {0};
  char path[PG_PATH];
  const char *format = argument(c, "format");
  const bool jpeg = format && !strcmp(format, "jpg");
  if (format && !jpeg && strcmp(format, "png") != 0)
    return refuse(c, MHD_HTTP_BAD_REQUEST, "format must be png or jpg");
  pg_path(&s->room, "result", jpeg ? ".jpg" : ".png", path);
  if (pg_save(&s->room, p, points, jpeg ? "jpg" : "png", path, &err)) return refuse_error(s, c, &err);
  return answer_file(c, path, jpeg ? "image/jpeg" : "image/png", jpeg ? "coloured.jpg" : "coloured.png");
}

static result do_preview(server *s, struct MHD_Connection *c, pg_picture *p, const pg_points *points) {
  cnnimg_error err = {0};
  char path[PG_PATH];
  pg_path(&s->room, "preview", ".jpg", path);
  if (pg_preview(&s->room, p, points, path, &err)) return refuse_error(s, c, &err);
  return answer_file(c, path, "image/jpeg", NULL);
}

static result do_grey(server *s, struct MHD_Connection *c, pg_picture *p, const pg_points *points) {
  (void)points;
  return do_preview(s, c, p, NULL);
}

/* All but / and /open are about a picture that is open, with points in the request's body. */
static const struct {
  const char *url;
  result (*work)(server *s, struct MHD_Connection *c, pg_picture *p, const pg_points *points);
} asked[] = {{"/colour", do_preview}, {"/suggest", do_suggest}, {"/save", do_save}, {"/original", do_grey}};

static result do_picture(server *s, struct MHD_Connection *c, const char *url, request *q) {
  cnnimg_error err = {0};
  pg_points points = {0};
  result done = MHD_NO;
  size_t i = 0;
  while (i < sizeof asked / sizeof *asked && strcmp(asked[i].url, url) != 0) i++;
  if (i == sizeof asked / sizeof *asked)
    return refuse(c, MHD_HTTP_NOT_FOUND, "there is nothing of that name");
  pg_picture *p = pg_find(&s->room, argument(c, "picture"));
  if (!p) return refuse(c, MHD_HTTP_GONE, "that picture is not open any more; open it again");
  if (q->bytes && cnnimg_points_load(q->path, &points.at, &points.n, &err)) return refuse_error(s, c, &err);
  done = asked[i].work(s, c, p, &points);
  cnnimg_points_free(points.at);
  return done;
}

/* ---- requests come -------------------------------------------------------------------------------------- */

/* Before a byte of the body is read: is it welcome? */
static result begin(server *s, struct MHD_Connection *c, const char *url, const char *method, void **state) {
  const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
  const bool post = !strcmp(method, "POST");
  const uint64_t most = strcmp(url, "/open") ? MOST_HINTS : s->most_bytes;
  if (!may_ask(s, c)) return refuse(c, MHD_HTTP_FORBIDDEN, "this server answers its own page only");
  if (!post && strcmp(method, "GET") != 0) return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or POST");
  if (length && (strlen(length) > 18 || strtoull(length, NULL, 10) > most))
    return refuse(c, MHD_HTTP_CONTENT_TOO_LARGE, "the file is larger than this server takes (--limit)");
  request *q = calloc(1, sizeof *q);
  if (!q) return MHD_NO;
  q->fd = -1, q->post = post, q->most = most;
  *state = q;
  return MHD_YES;
}

static void take(server *s, request *q, const char *data, size_t n) {
  char name[20];
  q->bytes += n;
  q->too_large = q->too_large || q->bytes > q->most;
  if (q->too_large || q->broken) return;
  if (!*q->path) {
    snprintf(name, sizeof name, "%u", ++s->requests);
    pg_path(&s->room, name, ".part", q->path);
    q->fd = open(q->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  }
  while (n && !q->broken) {
    const ssize_t k = q->fd < 0 ? -1 : write(q->fd, data, n);
    if (k <= 0) q->broken = true;
    else data += k, n -= (size_t)k;
  }
}

static result finish(server *s, struct MHD_Connection *c, const char *url, request *q) {
  if (q->fd >= 0 && close(q->fd)) q->broken = true;
  q->fd = -1;
  if (q->broken) return refuse(c, MHD_HTTP_INSUFFICIENT_STORAGE, "there is no room for the file");
  if (q->post && !strcmp(url, "/open"))
    return q->bytes ? do_open(s, c, q) : refuse(c, MHD_HTTP_BAD_REQUEST, "an empty file is no picture");
  if (q->post) return do_picture(s, c, url, q);
  return strcmp(url, "/") ? refuse(c, MHD_HTTP_NOT_FOUND, "there is nothing of that name")
                          : answer(c, MHD_HTTP_OK, "text/html; charset=utf-8", page, sizeof page);
}

/* Called when the head is there, for each piece of the body, and at its end. */
static result handle(void *user, struct MHD_Connection *c, const char *url, const char *method,
                     const char *version, const char *data, size_t *n, void **state) {
  server *s = user;
  request *q = *state;
  (void)version;
  if (!q) return begin(s, c, url, method, state);
  if (!*n) return finish(s, c, url, q);
  take(s, q, data, *n);
  *n = 0;
  return q->too_large ? MHD_NO : MHD_YES; /* a body that did not say how long it is: hang up */
}

static void forget(void *user, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why) {
  request *q = *state;
  (void)user, (void)c, (void)why;
  if (!q) return;
  if (q->fd >= 0) close(q->fd);
  if (*q->path) unlink(q->path); /* a picture that was opened has another name by now */
  free(q);
  *state = NULL;
}

/* ---- life -------------------------------------------------------------------------------------------------- */

static const char usage[] =
    "usage: colorize-page [--port N] [--limit MB] MODEL\n"
    "A page on http://127.0.0.1:N/ where pictures are coloured by clicking; Ctrl-C ends it.\n"
    "  --port N    1..65535; 0: any that is free [8330]\n"
    "  --limit MB  files of pictures may be so large, 1..1000 [64]\n";

static int read_options(server *s, int argc, char **argv, const char **model) {
  uint32_t port = 8330, limit = 64;
  *model = NULL;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) return fputs(usage, stdout), 1;
    if (!strcmp(argv[i], "--port") && i + 1 < argc && number(argv[i + 1], &port) && port < 65536) i++;
    else if (!strcmp(argv[i], "--limit") && i + 1 < argc && number(argv[i + 1], &limit) && limit >= 1 &&
             limit <= 1000)
      i++;
    else if (*argv[i] != '-' && !*model) *model = argv[i];
    else return fputs(usage, stderr), -1;
  }
  s->port = port, s->most_bytes = (uint64_t)limit << 20;
  return *model ? 0 : (fputs(usage, stderr), -1);
}

static int make_folder(server *s) {
  const char *tmp = getenv("TMPDIR");
  const int n =
      snprintf(s->room.folder, sizeof s->room.folder, "%s/colorize-page-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  if (n > 0 && (size_t)n < sizeof s->room.folder && mkdtemp(s->room.folder)) return 0;
  perror("colorize-page: no folder for pictures");
  *s->room.folder = 0;
  return -1;
}

static struct MHD_Daemon *listen_at(server *s) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  struct MHD_Daemon *d =
      MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, (uint16_t)s->port, NULL, NULL, handle,
                       s, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
                       MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SECONDS, MHD_OPTION_NOTIFY_COMPLETED, forget,
                       NULL, MHD_OPTION_END);
  if (!d) return fprintf(stderr, "colorize-page: cannot listen on 127.0.0.1:%u\n", s->port), NULL;
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT);
  if (info) s->port = info->port;
  return d;
}

/* Until Ctrl-C; a picture that is being worked at is given up. */
static int serve(server *s, const sigset_t *ends) {
  int which;
  struct MHD_Daemon *d = listen_at(s);
  if (!d) return 1;
  printf("http://127.0.0.1:%u/\n", s->port);
  fflush(stdout);
  sigwait(ends, &which);
  cnnimg_cancel_set(&s->room.cancel);
  MHD_stop_daemon(d);
  return 0;
}

int main(int argc, char **argv) {
  static server s;
  cnnimg_error err = {0};
  const char *model;
  sigset_t ends;
  const int options = read_options(&s, argc, argv, &model);
  int code = 1;
  if (options) return options > 0 ? 0 : 2;
  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT), sigaddset(&ends, SIGTERM), sigaddset(&ends, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before threads begin, which take it on */
  if (pg_room_open(&s.room, model, &err)) fprintf(stderr, "colorize-page: %s\n", err.text);
  else if (!make_folder(&s)) code = serve(&s, &ends);
  pg_room_close(&s.room);
  if (*s.room.folder) rmdir(s.room.folder);
  return code;
}
