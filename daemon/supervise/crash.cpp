#include "supervise/crash.hpp"

#include <elf.h>
#include <link.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace holdfast::supervise {
namespace {

// Written once at the start; a handler may read nothing else.
struct Text {
    std::array<char, 64> bytes{};
    std::size_t size = 0;
    void add(std::string_view text) noexcept {
        for (const char c : text) {
            if (size < bytes.size()) bytes[size++] = c;
        }
    }
};
Text g_version;
Text g_build;
volatile std::sig_atomic_t g_uncaught = 0;  // an exception that nobody took
std::array<char, 32 * 1024> g_stack;        // a main thread whose own is used up

class Line {
  public:
    void add(const char* text, std::size_t size) noexcept {
        for (std::size_t i = 0; i < size && size_ < bytes_.size(); ++i) bytes_[size_++] = text[i];
    }
    void add(const char* text) noexcept { add(text, std::strlen(text)); }
    void add(const Text& text) noexcept { add(text.bytes.data(), text.size); }
    void write() const noexcept {
        std::size_t done = 0;
        while (done < size_) {
            const auto wrote = ::write(STDERR_FILENO, bytes_.data() + done, size_ - done);
            if (wrote <= 0) return;  // nobody reads: not a reason to stay
            done += static_cast<std::size_t>(wrote);
        }
    }

  private:
    std::array<char, 256> bytes_{};
    std::size_t size_ = 0;
};

const char* name_of(int signal) noexcept {
    switch (signal) {
        case SIGSEGV: return "SIGSEGV";
        case SIGABRT: return "SIGABRT";
        case SIGBUS: return "SIGBUS";
        case SIGFPE: return "SIGFPE";
        case SIGILL: return "SIGILL";
        default: return "a signal";
    }
}

// Async-signal-safe: no memory, no lock, only write(), prctl() and raise().
void die(int signal) {
    std::array<char, 17> thread{};
    ::prctl(PR_GET_NAME, thread.data());
    Line line;
    line.add("<2>the daemon dies of ");
    line.add(name_of(signal));
    if (g_uncaught != 0) line.add(" (an exception nobody caught)");
    line.add(" version=");
    line.add(g_version);
    line.add(" thread=");
    line.add(thread.data());
    line.add(" build=");
    line.add(g_build);
    line.add("\n");
    line.write();
    ::raise(signal);  // blocked in here: it comes, by default, when this returns
}

[[noreturn]] void uncaught() {
    g_uncaught = 1;
    std::abort();
}

// The linker's note in the program itself, which the debug symbols are found by.
int find_build(dl_phdr_info* object, std::size_t, void*) {
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& part = object->dlpi_phdr[i];
        if (part.p_type != PT_NOTE) continue;
        const auto* at = reinterpret_cast<const char*>(object->dlpi_addr + part.p_vaddr);
        const auto* const end = at + part.p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            ElfW(Nhdr) note;
            std::memcpy(&note, at, sizeof note);
            const auto padded = [](std::size_t size) { return (size + 3) & ~std::size_t{3}; };
            const auto* const bytes = at + sizeof note + padded(note.n_namesz);
            if (note.n_type == NT_GNU_BUILD_ID && bytes + note.n_descsz <= end) {
                constexpr std::string_view k_hex = "0123456789abcdef";
                for (std::size_t b = 0; b < note.n_descsz; ++b) {
                    const auto byte = static_cast<unsigned char>(bytes[b]);
                    g_build.add(k_hex.substr(byte >> 4, 1));
                    g_build.add(k_hex.substr(byte & 15, 1));
                }
                return 1;
            }
            at = bytes + padded(note.n_descsz);
        }
    }
    return 1;  // only the program, which comes first
}

}  // namespace

void explain_crashes(std::string_view version) {
    ::prctl(PR_SET_DUMPABLE, 0);
    g_version.add(version);
    ::dl_iterate_phdr(find_build, nullptr);
    if (g_build.size == 0) g_build.add("unknown");
    stack_t stack{};
    ::sigaltstack(nullptr, &stack);
    const bool has_one = (stack.ss_flags & SS_DISABLE) == 0;  // a sanitizer's, which it takes back
    stack = {};
    stack.ss_sp = g_stack.data();
    stack.ss_size = g_stack.size();
    if (!has_one) ::sigaltstack(&stack, nullptr);
    for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) {
        struct sigaction before {};
        if (::sigaction(signal, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) continue;
        struct sigaction action {};
        action.sa_handler = die;
        action.sa_flags = SA_RESETHAND | SA_ONSTACK;
        ::sigemptyset(&action.sa_mask);
        ::sigaction(signal, &action, nullptr);
    }
    std::set_terminate(uncaught);
}

}  // namespace holdfast::supervise
