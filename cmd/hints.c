#include "cmd/hints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/crypto/digest.h"
#include "host/env.h"
#include "transport/tcp/address.h"

/* Letters and digits that nobody takes for one another: 32, five bits each. */
void tb_make_password(char password[TB_PASSWORD_CAPACITY])
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    uint8_t bytes[16];
    char *to = password;
    _Static_assert(sizeof(letters) == 33, "a letter for each value of five bits");
    tb_host_random(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i && i % 4 == 0)
            *to++ = '-';
        *to++ = letters[bytes[i] % 32];
    }
    *to = '\0';
    tb_wipe(bytes, sizeof(bytes));
}

/* Of "all addresses", the host's name is what a client can use. */
static void find_host(const char *address, char *host, size_t host_size, char *port,
                      size_t port_size)
{
    if (!tb_tcp_address_split(address, host, host_size, port, port_size))
        snprintf(host, host_size, "%s", address);
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
        gethostname(host, host_size - 1);
}

static void print_unix(const struct tb_hints *h, const char *host, const char *port)
{
    bool six = strchr(host, ':') != NULL;
    const char *left = six ? "[" : "", *right = six ? "]" : "";
    printf("  Linux    sudo mount -t cifs //%s/%s /mnt -o "
           "port=%s,username=%s,password=%s,vers=3.1.1,uid=$(id -u),gid=$(id -g)\n"
           "           smbclient //%s/%s -p %s -U '%s%%%s'\n",
           host, h->share, port, h->user, h->password, host, h->share, port, h->user, h->password);
    printf("  macOS    open 'smb://%s:%s@%s%s%s:%s/%s'\n"
           "           mkdir -p ~/%s && mount_smbfs '//%s:%s@%s%s%s:%s/%s' ~/%s\n",
           h->user, h->password, left, host, right, port, h->share, h->share, h->user, h->password,
           left, host, right, port, h->share, h->share);
}

static void print_windows(const struct tb_hints *h, const char *host, const char *port)
{
    char name[256];
    snprintf(name, sizeof(name), "%s", host);
    if (strchr(name, ':')) { /* a path cannot hold colons: Windows reads this name instead */
        for (char *c = name; *c; c++)
            if (*c == ':')
                *c = '-';
        strncat(name, ".ipv6-literal.net", sizeof(name) - strlen(name) - 1);
    }
    bool standard = strcmp(port, "445") == 0;
    if (standard) {
        printf("  Windows  net use X: \\\\%s\\%s %s /USER:%s\n", name, h->share, h->password,
               h->user);
        return;
    }
    printf("  Windows  (11 24H2, Server 2025 and later)\n"
           "           net use X: \\\\%s\\%s %s /USER:%s /TCPPORT:%s\n",
           name, h->share, h->password, h->user, port);
    printf("           Older Windows only knows port 445. Either have Tombolo listen there, on an\n"
           "           address whose port 445 is free:\n"
           "             sudo tombolo serve --listen ADDR:445 ...\n"
           "           or forward port 445 of an address that Windows' own server does not use\n"
           "           (a loopback adapter's, say 10.255.255.1), as administrator, and restart:\n"
           "             netsh interface portproxy add v4tov4 listenaddress=10.255.255.1 "
           "listenport=445 connectaddress=%s connectport=%s\n"
           "             net use X: \\\\10.255.255.1\\%s %s /USER:%s\n",
           host, port, h->share, h->password, h->user);
}

void tb_print_hints(const struct tb_hints *hints)
{
    char host[256] = "", port[8] = "";
    find_host(hints->address, host, sizeof(host), port, sizeof(port));
    printf("Serving \\\\%s\\%s on port %s\n\n  user     %s\n  password %s\n\n", host, hints->share,
           port, hints->user, hints->password);
    print_unix(hints, host, port);
    print_windows(hints, host, port);
    puts("");
}
