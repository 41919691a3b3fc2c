// The last line of a process that dies of its own fault (P02): signal, version, thread and build, so that the journal says more than
// "killed". No core is left: it would hold conversations and keys.
#pragma once

#include <string_view>

namespace holdfast::supervise {

// Main thread, once, before any other thread starts. Signals for which somebody (a sanitizer) has a handler already are left to it.
void explain_crashes(std::string_view version);

}  // namespace holdfast::supervise
