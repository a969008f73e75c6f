/* Signals and standard descriptors of a program: first in main(). */
#ifndef ICD_PROCESS_H
#define ICD_PROCESS_H

/* SIGINT, SIGTERM, SIGHUP (unless ignored) and SIGPIPE remove temporary files and then end the program as ever, and so
 * does a library that aborts or crashes. No handler interrupts a thread that computes: threads made from here on have
 * SIGINT, SIGTERM and SIGHUP blocked, and one of ours waits for them. A closed standard descriptor is held by one that
 * fails when it is used: no file opened later gets its number. */
void process_start(void);

/* From here on the first SIGINT, SIGTERM or SIGHUP is for process_asked() only, to be looked at where it is good to
 * end. Another within a second is the same one: timeout(1) signals its child and then the group. A later one ends the
 * program. */
void process_defer(void);
int process_asked(void); /* the signal, 0: none yet; from any thread */
/* Removes temporary files and ends the program by the signal, so that the shell sees why: 128 + sig. */
_Noreturn void process_end(int sig);

#endif
