// Listening sockets that systemd holds for us (socket activation), so that a restart refuses nobody.
#pragma once

namespace holdfast::supervise {

// The listening socket that the unit calls `name` (FileDescriptorName=), or -1: there is none, and the caller binds one itself. The
// caller owns it; it is closed on exec. Asking again for the same name gives the same descriptor. Main thread.
int inherited_socket(const char* name);

}  // namespace holdfast::supervise
