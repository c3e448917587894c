/* An intrusive, circular, doubly linked list. A node that is in no list points at itself. */
#ifndef TB_LIST_H
#define TB_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct tb_list {
    struct tb_list *next, *previous;
};

#define tb_container(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* Iterates over the nodes of `head`; the node `i` may be removed inside the loop. */
#define tb_list_for_each(i, head)                                                                  \
    for (struct tb_list *i = (head)->next, *i##_next = i->next; i != (head);                       \
         i = i##_next, i##_next = i->next)

static inline void tb_list_init(struct tb_list *node)
{
    node->next = node->previous = node;
}

static inline bool tb_list_empty(const struct tb_list *head)
{
    return head->next == head;
}

/* Put `node`, which is in no list, at the end of `head`. */
static inline void tb_list_append(struct tb_list *head, struct tb_list *node)
{
    node->previous = head->previous;
    node->next = head;
    head->previous->next = node;
    head->previous = node;
}

static inline void tb_list_prepend(struct tb_list *head, struct tb_list *node)
{
    tb_list_append(head->next, node);
}

/* Take `node` out of its list; harmless when it is in none. */
static inline void tb_list_remove(struct tb_list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    tb_list_init(node);
}

/* The first node, taken out, or NULL. */
static inline struct tb_list *tb_list_take(struct tb_list *head)
{
    struct tb_list *node = head->next;
    if (node == head)
        return NULL;
    tb_list_remove(node);
    return node;
}

/* Move all nodes of `from` to the end of `to`. */
static inline void tb_list_splice(struct tb_list *to, struct tb_list *from)
{
    if (tb_list_empty(from))
        return;
    from->next->previous = to->previous;
    to->previous->next = from->next;
    from->previous->next = to;
    to->previous = from->previous;
    tb_list_init(from);
}

#endif
