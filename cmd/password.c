#include "cmd/password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/crypto/digest.h"

static volatile sig_atomic_t caught;

static void note_signal(int number)
{
    caught = number;
}

/* A line without its end; false: none, one that is too long, or a signal. Never through stdio,
 * whose buffers would keep it. */
static bool read_line(int file, char *line, size_t size)
{
    size_t length = 0;
    for (;;) {
        char c;
        ssize_t got = read(file, &c, 1);
        if (got < 0 && errno == EINTR && !caught)
            continue;
        if (got < 0 || (got == 0 && length == 0))
            return false;
        if (got == 0 || c == '\n')
            break;
        if (c == '\0' || length + 1 == size)
            return false;
        line[length++] = c;
    }
    if (length && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    return true;
}

static bool ask(int terminal, const char *prompt, const char *user, char *line)
{
    bool good = dprintf(terminal, "%s %s: ", prompt, user) >= 0;
    good = good && read_line(terminal, line, TB_PASSWORD_BYTES_MAX);
    dprintf(terminal, "\n");
    return good;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

/* Whatever ends the program here, the terminal echoes again. */
static bool ask_twice(int terminal, const char *user, char *password, char *again)
{
    struct termios before, silent;
    struct sigaction action = {.sa_handler = note_signal}, old[SIGNAL_COUNT];
    if (tcgetattr(terminal, &before) < 0)
        return false;
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &action, &old[i]);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    bool good = tcsetattr(terminal, TCSAFLUSH, &silent) == 0 &&
                ask(terminal, "Password for", user, password) &&
                ask(terminal, "The same again for", user, again);
    tcsetattr(terminal, TCSAFLUSH, &before);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &old[i], NULL);
    if (caught)
        raise(caught);
    return good && !caught;
}

static bool fail(char *message, size_t size, const char *what)
{
    snprintf(message, size, "%s", what);
    return false;
}

static bool read_from_terminal(const char *user, char *password, char *message, size_t size)
{
    char again[TB_PASSWORD_BYTES_MAX] = "";
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    bool good = ask_twice(terminal < 0 ? STDIN_FILENO : terminal, user, password, again);
    bool same = good && strcmp(password, again) == 0;
    if (terminal >= 0)
        close(terminal);
    tb_wipe(again, sizeof(again));
    if (!good)
        return fail(message, size, "no password was given");
    return same || fail(message, size, "the passwords differ");
}

bool tb_read_password(const char *user, char password[TB_PASSWORD_BYTES_MAX], char *message,
                      size_t size)
{
    password[0] = '\0';
    if (isatty(STDIN_FILENO)) {
        if (!read_from_terminal(user, password, message, size))
            return false;
    } else if (!read_line(STDIN_FILENO, password, TB_PASSWORD_BYTES_MAX)) {
        return fail(message, size, "there is no password on standard input, or one that is far "
                                   "too long");
    }
    return *password || fail(message, size, "the password is empty");
}
