// holdfastctl: the operator's view into a running daemon. Everything is in the library; this file
// knows the process.
#include "holdfastctl/commands.hpp"

#include <unistd.h>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    holdfast::ctl::Look look;
    look.colour = isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0') &&
                  term != nullptr && std::string_view(term) != "dumb";
    return holdfast::ctl::run({argv + 1, argv + argc}, look, std::cout, std::cerr);
}
