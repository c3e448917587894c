/* Addresses as people write them. */
#ifndef TB_TRANSPORT_TCP_ADDRESS_H
#define TB_TRANSPORT_TCP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* "127.0.0.1:4445" or "[::1]:4445". */
void tb_tcp_address_format(const struct sockaddr_storage *address, char *text, size_t size);

/* Cut "HOST:PORT" or "[HOST]:PORT" in two. False: there is no port from 0 to 65535, a part is too
 * long, or an IPv6 address lacks its brackets. */
bool tb_tcp_address_split(const char *text, char *host, size_t host_size, char *port,
                          size_t port_size);

#endif
