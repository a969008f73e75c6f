/* Memory for libraries that do not live through a failed allocation. */
#ifndef ICD_MEMORY_H
#define ICD_MEMORY_H
#ifdef __cplusplus
extern "C" {
#endif

/* First in main(): where jansson or C++ (SentencePiece, oneDNN) gets no memory, the program removes its temporary
 * files, says so and exits with E_NOMEM, there and then. jansson 2.14 leaves an array without a table whose length
 * it keeps, SentencePiece frees what it did not make: what they would do with a NULL or an exception is anything.
 * Where a library ends the program for that reason (libgomp, libarchive), it ends likewise. */
void memory_watch(void);

#ifdef __cplusplus
}
#endif
#endif
