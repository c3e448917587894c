/* What a share's settings let whom do. */
#include "core/exporter.h"
#include "exporters/filters/filter.h"
#include "exporters/memory/memory.h"
#include "sim/check.h"

#define SEEDS 50

/* Remembers whose the last OPEN was. */
struct spy {
    struct tb_filter filter;
    uint32_t uid, gid, first_group;
};

static void spy_submit(void *self, struct tb_call *call)
{
    struct spy *spy = self;
    if (call->operation == TB_CALL_OPEN) {
        spy->uid = call->credentials->uid;
        spy->gid = call->credentials->gid;
        spy->first_group = call->credentials->group_count ? call->credentials->groups[0] : 0;
    }
    tb_exporter_submit(spy->filter.below, call);
}

static const struct tb_exporter_ops spy_ops =
    TB_FILTER_OPS("spy", tb_filter_stop, tb_filter_capabilities);

/* Add a share "t" as `config` says, on a memory exporter under a spy. */
static struct spy *add(struct tb_sim_fixture *f, struct tb_share_config config)
{
    struct tb_exporter *memory, *spy;
    char message[200];
    tb_sim_require_ok(tb_exporter_start(&tb_memory_exporter, "", NULL, &f->world.env, &memory,
                                        message, sizeof(message)));
    tb_sim_require_ok(tb_filter_create(&spy_ops, sizeof(struct spy), spy_submit, memory, &spy,
                                       message, sizeof(message)));
    config.exporter = spy;
    config.name = "t";
    tb_sim_require_ok(tb_server_add_share(f->server, &config));
    return spy->self;
}

static struct tb_sim_session *session_of(struct tb_sim_fixture *f, const char *user,
                                         const char *password)
{
    struct tb_sim_session *session;
    tb_sim_require_ok(tb_sim_logon(tb_sim_connect_dialect(f, 0),
                                   &(struct tb_sim_logon){.user = user, .password = password},
                                   &session));
    return session;
}

static bool may_write(const struct tb_sim_tree *tree)
{
    return tree->maximal_access & TB_FILE_WRITE_DATA;
}

/* "user" and "admin" are in the group 100. */
SIM_TEST(invalid_users_win, SEEDS)
{
    static const char *const valid[] = {"USER", "admin", NULL}, *const invalid[] = {"Admin", NULL};
    add(f, (struct tb_share_config){.valid_users = valid, .invalid_users = invalid});
    tb_sim_require_ok(tb_sim_tree_connect(session_of(f, "user", "password"), "t", NULL));
    tb_sim_require_error(tb_sim_tree_connect(session_of(f, "admin", "Secret-2"), "t", NULL),
                         TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_tree_connect(session_of(f, "Jürgen", "grüße"), "t", NULL),
                         TB_ACCESS_DENIED);
}

SIM_TEST(groups_are_members, SEEDS)
{
    static const char *const in[] = {"nobody", "@100", NULL}, *const out[] = {"@1000", "@0", NULL};
    add(f, (struct tb_share_config){.valid_users = f->world.seed % 2 ? in : out});
    struct tb_sim_session *session = session_of(f, "user", "password");
    tb_sim_require_equal(tb_sim_tree_connect(session, "t", NULL),
                         f->world.seed % 2 ? TB_OK : TB_ACCESS_DENIED);
}

SIM_TEST(read_and_write_lists, SEEDS)
{
    static const char *const user[] = {"user", NULL}, *const all[] = {"@100", NULL};
    add(f, (struct tb_share_config){.read_only = f->world.seed % 2, .read_list = all,
                                    .write_list = user});
    struct tb_sim_tree *writer = tb_sim_tree_of(session_of(f, "user", "password"), "t");
    struct tb_sim_tree *reader = tb_sim_tree_of(session_of(f, "admin", "Secret-2"), "t");
    tb_sim_require(may_write(writer) && !may_write(reader));
    tb_sim_require_ok(tb_sim_open(writer, "f", TB_FILE_CREATE, &(struct tb_sim_open){0}));
    tb_sim_require_error(tb_sim_open(reader, "g", TB_FILE_CREATE, NULL), TB_ACCESS_DENIED);
}

SIM_TEST(forced_identity, SEEDS)
{
    static const uint32_t groups[] = {7, 8}, group = 100;
    const struct tb_credentials forced = {.uid = 42, .gid = 43, .group_count = 2, .groups = groups};
    static const char *const admins[] = {"admin", NULL};
    uint64_t variant = f->world.seed % 3;
    struct spy *spy = add(f, (struct tb_share_config){.force_user = variant < 2 ? &forced : NULL,
                                                      .force_group = variant ? &group : NULL,
                                                      .force_group_of_members = variant == 2,
                                                      .admin_users = admins});
    struct tb_sim_tree *tree = tb_sim_tree_of(session_of(f, "user", "password"), "t");
    tb_sim_require_ok(tb_sim_open(tree, "f", TB_FILE_CREATE, &(struct tb_sim_open){0}));
    tb_sim_require_equal(spy->uid, variant < 2 ? 42 : 1000);
    tb_sim_require_equal(spy->gid, variant ? 100 : 43);
    tb_sim_require_equal(spy->first_group, variant < 2 ? 7 : 100);
    tree = tb_sim_tree_of(session_of(f, "admin", "Secret-2"), "t");
    tb_sim_require_ok(tb_sim_open(tree, "g", TB_FILE_CREATE, &(struct tb_sim_open){0}));
    tb_sim_require_equal(spy->uid, 0);
}

SIM_TEST(group_of_others_is_not_forced, SEEDS)
{
    static const uint32_t group = 9;
    struct spy *spy =
        add(f, (struct tb_share_config){.force_group = &group, .force_group_of_members = true});
    struct tb_sim_tree *tree = tb_sim_tree_of(session_of(f, "Jürgen", "grüße"), "t");
    tb_sim_require_ok(tb_sim_open(tree, "f", TB_FILE_CREATE, &(struct tb_sim_open){0}));
    tb_sim_require_equal(spy->uid, 1001);
    tb_sim_require_equal(spy->gid, 100);
}

SIM_TEST(connections, SEEDS)
{
    add(f, (struct tb_share_config){.connections_max = 2});
    struct tb_sim_session *session = session_of(f, "user", "password");
    struct tb_sim_session *other = session_of(f, "admin", "Secret-2");
    struct tb_sim_tree *first = tb_sim_tree_of(session, "t");
    tb_sim_tree_of(other, "t");
    tb_sim_require_error(tb_sim_tree_connect(session, "t", NULL), TB_REQUEST_NOT_ACCEPTED);
    tb_sim_require_error(tb_sim_tree_connect(other, "t", NULL), TB_REQUEST_NOT_ACCEPTED);
    tb_sim_require_ok(tb_sim_tree_connect(session, "share", NULL));
    tb_sim_require_ok(tb_sim_tree_disconnect(first));
    tb_sim_require_ok(tb_sim_tree_connect(other, "t", NULL));
    tb_sim_require_error(tb_sim_tree_connect(session, "t", NULL), TB_REQUEST_NOT_ACCEPTED);
}

static void with_guest(struct tb_sim_fixture *f)
{
    f->with_guest = true;
}

/* Guests are in nobody's list. */
SIM_TEST_CONFIGURED(guests, SEEDS, with_guest)
{
    static const char *const valid[] = {"user", "guest", "nobody", "@65534", NULL};
    bool closed = f->world.seed % 2;
    add(f, (struct tb_share_config){.guest_ok = true, .valid_users = closed ? valid : NULL});
    struct tb_sim_session *session;
    tb_sim_require_ok(tb_sim_logon(tb_sim_connect_dialect(f, 0),
                                   &(struct tb_sim_logon){.user = "", .password = ""}, &session));
    tb_sim_require_equal(tb_sim_tree_connect(session, "t", NULL),
                         closed ? TB_ACCESS_DENIED : TB_OK);
}

/* Who can encrypt is told to, and not refused when it does not. */
static void encryption_off(struct tb_sim_fixture *f)
{
    f->config.encryption = TB_ENCRYPTION_OFF;
}

SIM_TEST_CONFIGURED(preferred_encryption, SEEDS, encryption_off)
{
    add(f, (struct tb_share_config){.prefer_encryption = true});
    uint16_t dialect = f->world.seed % 2 ? TB_SMB2_DIALECT_311 : TB_SMB2_DIALECT_210;
    struct tb_sim_client *client = tb_sim_connect_dialect(f, dialect);
    client->encrypt = false;
    struct tb_sim_tree *tree = tb_sim_tree_of(tb_sim_session(client), "t");
    tb_sim_require_equal(tree->encrypt, dialect == TB_SMB2_DIALECT_311);
    tree->encrypt = false;
    tb_sim_require_ok(tb_sim_open(tree, "f", TB_FILE_CREATE, &(struct tb_sim_open){0}));
}

SIM_MAIN("share options", test_invalid_users_win, test_groups_are_members,
         test_read_and_write_lists, test_forced_identity, test_group_of_others_is_not_forced,
         test_connections, test_guests, test_preferred_encryption)
