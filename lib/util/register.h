/* REGISTER(kind, name) at the start of a line makes the Makefile put X(name) into gen/<kind>.def, the generated table
 * behind a choice on a command line. The file defines `const struct <kind> <kind>_<name>`. Adding one is adding a
 * file. */
#ifndef ICD_REGISTER_H
#define ICD_REGISTER_H
#define REGISTER(kind, name) struct register_##kind##_##name /* takes the ; */
#endif
