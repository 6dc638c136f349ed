/* SPDX-License-Identifier: MIT */
/* mutate.c - for tests: bytes of a file damaged by a seed */
#include "tests/formats/mutate.h"

#include <string.h>

typedef struct damage {
  uint8_t *at;
  size_t n, room;
  uint64_t state;
} damage;

/* xorshift64* */
static uint64_t draw(damage *d) {
  d->state ^= d->state >> 12;
  d->state ^= d->state << 25;
  d->state ^= d->state >> 27;
  return d->state * 2685821657736338717u >> 16;
}

static size_t below(damage *d, size_t n) { return n ? (size_t)(draw(d) % n) : 0; }

/* Half of the places are near the start, where heads and counts are. */
static size_t place(damage *d) { return below(d, draw(d) & 1 && d->n > 64 ? 64 : d->n); }

static void flip_bits(damage *d) { d->at[place(d)] ^= (uint8_t)(1u << below(d, 8)); }

static void odd_byte(damage *d) {
  static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0x20, 0x0a, '0', '9', '-', '[', '{', '"'};
  d->at[place(d)] = odd[below(d, sizeof odd)];
}

static void random_byte(damage *d) { d->at[place(d)] = (uint8_t)draw(d); }

/* Counts and offsets as they hurt: both byte orders, 2 to 8 bytes. */
static void odd_number(damage *d) {
  static const uint64_t odd[] = {
      0,          1,          0x7fff,     0xffff,         0x7fffffff, 0x80000000, 0xffffffff,    0x100000000,
      1ull << 62, 1ull << 63, UINT64_MAX, UINT64_MAX - 8, 0x40000000, 0x10000,    0x3f800000ull, 1ull << 40};
  uint64_t v = odd[below(d, sizeof odd / sizeof *odd)];
  size_t bytes = (size_t)2 << below(d, 3), at = place(d);
  uint64_t turn = draw(d) & 1;
  for (size_t i = 0; i < bytes && at + i < d->n; i++)
    d->at[at + i] = (uint8_t)(v >> 8 * (turn ? bytes - 1 - i : i));
}

static void cut_out(damage *d) {
  size_t at = place(d), n = 1 + below(d, 16);
  if (at + n > d->n) n = d->n - at;
  memmove(d->at + at, d->at + at + n, d->n - at - n);
  d->n -= n;
}

/* A stretch of the file once more, elsewhere. */
static void repeat(damage *d) {
  uint8_t part[64];
  size_t from = below(d, d->n), n = 1 + below(d, sizeof part), at = place(d);
  if (n > d->n - from) n = d->n - from;
  if (d->n + n > d->room) return;
  memcpy(part, d->at + from, n);
  memmove(d->at + at + n, d->at + at, d->n - at);
  memcpy(d->at + at, part, n);
  d->n += n;
}

static void copy_over(damage *d) {
  size_t from = below(d, d->n), at = below(d, d->n), n = 1 + below(d, 32);
  size_t left = d->n - (from > at ? from : at);
  memmove(d->at + at, d->at + from, n < left ? n : left);
}

static void cut_off(damage *d) { d->n = below(d, d->n); }

size_t mutate(const uint8_t *from, size_t n, uint8_t *to, uint64_t seed) {
  static void (*const ways[])(damage * d) = {flip_bits,   flip_bits,  odd_byte,   odd_byte,
                                             random_byte, odd_number, odd_number, cut_out,
                                             repeat,      copy_over,  cut_off};
  damage d = {to, n, MUTATE_ROOM(n), (seed + 1) * 0x9e3779b97f4a7c15u};
  memcpy(to, from, n);
  for (size_t i = 1 + below(&d, 4); i > 0 && d.n; i--) ways[below(&d, sizeof ways / sizeof *ways)](&d);
  return d.n;
}
