/* The core's one critical section, as clang's thread-safety analysis sees it.
 *
 * All state that connections on different loops share (sessions, tree connects, opens, nodes, locks,
 * watches) changes only inside it. tb_section_enter() and tb_section_leave() in core/server.h go
 * through env.h. The object below is only named in annotations; it is never defined. */
#ifndef TB_SECTION_H
#define TB_SECTION_H

#if defined(__clang__) && !defined(TB_NO_ANNOTATIONS)
#define TB_ANNOTATE(x) __attribute__((x))
#else
#define TB_ANNOTATE(x)
#endif

struct TB_ANNOTATE(capability("section")) tb_section_capability {
    char unused;
};
extern struct tb_section_capability tb_section;

/* A function that must be called inside the section, or must not be. */
#define TB_INSIDE TB_ANNOTATE(requires_capability(tb_section))
#define TB_OUTSIDE TB_ANNOTATE(locks_excluded(tb_section))
/* A field that is read and written only inside the section. */
#define TB_GUARDED TB_ANNOTATE(guarded_by(tb_section))

#endif
