/* Memory for libraries that do not live through a failed allocation: see memory.h. Tests: tests/fault/alloc.sh */
#include "lib/util/memory.h"
#include <jansson.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>

extern "C" {
#include "lib/util/err.h"
#include "lib/util/file.h"
}

[[noreturn]] static void end()
{
    outfile_unlink_all();
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, err_msg()); /* has no buffer and asks for none */
    _exit(E_NOMEM);
}

static void *json_alloc(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p) {
        err_nomem(n);
        end();
    }
    return p;
}

[[noreturn]] static void none_for_cxx()
{
    err_nomem(0);
    end();
}

/* libgomp and libarchive end a program with exit(1) where they get no memory (libgomp: or no thread), after saying so;
 * 1 is no exit status of ours. */
static void at_exit(int status, void *)
{
    if (status != 1)
        return;
    err_set(E_NOMEM, "a library ended the program: no memory or no threads");
    end();
}

extern "C" void memory_watch(void)
{
    on_exit(at_exit, nullptr);
    json_set_alloc_funcs(json_alloc, free);
    std::set_new_handler(none_for_cxx);
}
