/* SPDX-License-Identifier: MIT */
/* zoo.c - makes the picture zoo, or judges what has become of it
 *
 * zoo make FOLDER                                          FOLDER/in/..., FOLDER/want/..., FOLDER/list.tsv
 * zoo bomb FILE.png WIDTH HEIGHT
 * zoo check LIST IN WANT OUT TYPE|- FACTOR|stored|loose [PREFIX]
 */
#include <stdlib.h>
#include <string.h>

#include "zoo.h"

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "make")) return zoo_make(argv[2]);
  if (argc == 5 && !strcmp(argv[1], "bomb")) {
    zoo_png_bomb(argv[2], (uint32_t)strtoul(argv[3], NULL, 10), (uint32_t)strtoul(argv[4], NULL, 10));
    return 0;
  }
  if (argc >= 8 && !strcmp(argv[1], "check")) return zoo_check(argc - 2, argv + 2);
  zoo_die("make FOLDER, or check LIST IN WANT OUT TYPE FACTOR", "usage");
}
