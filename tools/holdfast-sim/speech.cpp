#include "speech.hpp"

#include "audio/wav.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace holdfast::sim {
namespace {

constexpr std::size_t k_output_max = 128u * 1024 * 1024;

base::Error failed(std::string detail) {
    return base::make_error(base::Condition::fatal, "espeak", std::move(detail));
}

base::Result<std::string> run(std::vector<std::string> arguments) {
    std::array<int, 2> pipe_ends{};
    if (pipe(pipe_ends.data()) != 0) return failed(std::strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
    posix_spawn_file_actions_addclose(&actions, pipe_ends[1]);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t child = 0;
    const int started = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    std::string out;
    if (started == 0) {
        std::array<char, 64 * 1024> buffer;
        for (ssize_t n = 0; (n = read(pipe_ends[0], buffer.data(), buffer.size())) != 0;) {
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 || out.size() > k_output_max) break;
            out.append(buffer.data(), static_cast<std::size_t>(n));
        }
    }
    close(pipe_ends[0]);
    if (started != 0) {
        return failed(arguments[0] + " cannot be started (" + std::strerror(started) +
                      "); install it (apt install espeak-ng) or use WAV files");
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return failed(arguments[0] + " failed");
    return out;
}

}  // namespace

base::Result<std::string> Speech::say(const std::string& text) {
    const auto known = said_.find(text);
    if (known != said_.end()) return known->second;
    auto bytes = run({"espeak-ng", "-v", voice_.name, "-s", std::to_string(voice_.words_per_minute),
                      "--stdout", "--", text});
    if (!bytes) return bytes.error();
    const auto wav = audio::read_wav(*bytes);
    if (!wav) return failed("espeak-ng wrote no usable audio: " + wav.error().detail);
    return said_[text] = audio::to_mulaw_8k(*wav);
}

base::Result<std::string> Speech::load(const std::string& wav_path) {
    const auto wav = audio::read_wav_file(wav_path);
    if (!wav) return wav.error();
    return audio::to_mulaw_8k(*wav);
}

}  // namespace holdfast::sim
