/* What the parts of the filter `names` share. */
#ifndef TB_EXPORTERS_FILTERS_NAMES_H
#define TB_EXPORTERS_FILTERS_NAMES_H

#include "exporters/filters/filter.h"

#include <stdatomic.h>

struct tb_names_filter {
    struct tb_filter filter;
    char **veto, **hide; /* patterns, NULL-terminated, or NULL */
    bool delete_vetoed;
    bool wraps; /* handles are struct tb_names_handle */
};

/* Stands in for the handle below where its name matters later. */
struct tb_names_handle {
    struct tb_names_filter *filter;
    void *below;
    atomic_bool hidden;
    char *path; /* as opened or renamed; changes with RENAME alone, beside which nothing needs it */
};

bool tb_names_is_vetoed(const struct tb_names_filter *filter, const char *name);

/* REMOVE of a directory, `call`, whose handle is below's already, has been answered
 * DIRECTORY_NOT_EMPTY: remove what is vetoed in it, then the directory, and answer `call`. Nothing
 * is touched unless all that is in it is vetoed, and `path` still leads to it. */
void tb_names_remove_vetoed(struct tb_names_filter *filter, struct tb_call *call, const char *path);

#endif
