/* REGISTER(kind, name, fields) defines `const struct <kind> <kind>_<name>`, whose field `name` is that name, and at the
 * start of a line makes the Makefile put X(name) into gen/<kind>.def: the generated table behind a choice on a command
 * line. Adding one is adding a file. A new kind is one line here. Tests: tests/selftest/build.sh. */
#ifndef ICD_REGISTER_H
#define ICD_REGISTER_H
enum {
    REGISTER_metric,       /* lib/metric/metric.h */
    REGISTER_model_family, /* lib/model/model.h */
    REGISTER_schedule,     /* lib/train/train.h */
};
/* An unknown kind has no constant, so it does not compile. */
#define REGISTER(kind, name_, ...)                                                            \
    _Static_assert(REGISTER_##kind >= 0, "");                                                 \
    const struct kind kind##_##name_ = {.name = #name_, __VA_ARGS__}
#endif
