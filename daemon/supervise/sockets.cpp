#include "supervise/sockets.hpp"

#include <systemd/sd-daemon.h>

#include <sys/socket.h>

#include <cstdlib>
#include <cstring>

namespace holdfast::supervise {

int inherited_socket(const char* name) {
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(0, &names);  // also sets close-on-exec
    int found = -1;
    for (int i = 0; i < count; ++i) {
        const int fd = SD_LISTEN_FDS_START + i;
        if (found < 0 && std::strcmp(names[i], name) == 0 && sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0) found = fd;
        std::free(names[i]);
    }
    std::free(names);
    return found;
}

}  // namespace holdfast::supervise
