/* Signals and standard descriptors of a program: first in main(). */
#ifndef ICD_PROCESS_H
#define ICD_PROCESS_H

/* SIGINT, SIGTERM, SIGHUP (unless ignored) and SIGPIPE remove temporary files and then end the program as ever. A
 * closed standard descriptor is held by one that fails when it is used: no file opened later gets its number. */
void process_start(void);

#endif
