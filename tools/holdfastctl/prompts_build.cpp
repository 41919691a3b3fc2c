#include "holdfastctl/prompts_build.hpp"

#include "audio/wav.hpp"
#include "base/sha256.hpp"
#include "base/timer.hpp"
#include "config/credentials.hpp"
#include "log/log.hpp"
#include "net/asio_loop.hpp"
#include "voice/scripted/make.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <ostream>
#include <sstream>
#include <utility>

namespace holdfast::ctl {
namespace {

namespace fs = std::filesystem;
using namespace voice::scripted;

constexpr int k_tries = 3;  // for one sentence
constexpr std::chrono::seconds k_between_tries{2};

// One sentence through the service.
class Speaker : public TtsListener {
  public:
    Speaker(net::AsioLoop& loop, Tts& tts) : loop_(loop), tts_(tts) {}

    // Empty: failure() says why.
    std::string make(std::string_view text, Language language) {
        mulaw_.clear();
        failure_.reset();
        const auto request = tts_.speak(text, language, *this);
        loop_.io().restart();
        loop_.run();
        return mulaw_;
    }
    void pause() {
        base::Timer timer(loop_);
        timer.arm(k_between_tries, [this] { loop_.stop(); });
        loop_.io().restart();
        loop_.run();
    }
    const std::optional<TtsFailure>& failure() const { return failure_; }

  private:
    void on_tts_audio(std::string_view) override {}
    void on_tts_slow() override {}
    void on_tts_done(const std::string& mulaw) override {
        mulaw_ = mulaw;
        loop_.stop();
    }
    void on_tts_failed(const TtsFailure& failure) override {
        failure_ = failure;
        loop_.stop();
    }

    net::AsioLoop& loop_;
    Tts& tts_;
    std::string mulaw_;
    std::optional<TtsFailure> failure_;
};

std::string sentence_for(const TtsFailure& failure) {
    static const std::map<std::string_view, const char*> words{
        {"auth", "the key is not accepted (check ELEVENLABS_API_KEY)"},
        {"quota", "the account has no credits left"},
        {"voice", "the workspace does not know this voice (check --voice)"},
        {"plan", "the plan does not allow it"},
        {"request", "the service does not accept the request (check --model)"},
        {"busy", "too many requests run on this account"},
        {"server", "the service is in trouble"},
        {"network", "the service cannot be reached (check --url and the network)"},
        {"timeout", "the service did not answer in time"},
        {"slow", "the service did not answer in time"},
        {"cut", "the audio broke off"},
        {"empty", "the service answered without audio"},
        {"html", "a web page came instead of audio (a login page of this network?)"},
        {"json", "JSON came instead of audio"},
        {"mp3", "MP3 came instead of mu-law"},
        {"audio", "another audio format came instead of mu-law"},
        {"too_long", "more audio came than the words can take"},
        {"breaker", "an earlier refusal stopped all requests"},
    };
    const auto found = words.find(failure.code);
    std::string text = found == words.end() ? failure.code : found->second;
    if (failure.http_status >= 400) text += ", HTTP " + std::to_string(failure.http_status);
    return text;
}

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Whole or not at all: a reader never sees half a file. Empty on success, else what is wrong.
std::string write_whole(const fs::path& path, const std::string& bytes) {
    const fs::path half = path.string() + ".part";
    std::ofstream out(half, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    std::error_code ec;
    if (out) fs::rename(half, path, ec);
    if (out && !ec) return {};
    const std::string why = ec ? ec.message() : std::strerror(errno);
    fs::remove(half, ec);
    return "cannot write " + path.string() + ": " + why;
}

class Build {
  public:
    Build(const Session& session, const PromptsBuild& options, net::AsioLoop& loop, Tts& tts)
        : session_(session), folder_(options.to), header_("# voice " + options.voice_id + " model " + options.model + "\n"),
          speaker_(loop, tts) {
        const std::string list = read_file(folder_ / k_clip_list);
        // Another voice in the middle of a call would be worse than making them all again.
        const bool same_voice = list.compare(0, header_.size(), header_) == 0;
        if (!options.again && same_voice) known_ = read_clip_list(list);
    }

    int run() {
        for (const Language language : {Language::en, Language::es}) {
            std::error_code ec;
            fs::create_directories(folder_ / std::string(to_string(language)), ec);
            if (ec) return stop("cannot make " + printable(folder_.string()) + ": " + ec.message());
            for (std::size_t i = 0; i < k_sentences; ++i) {
                if (const std::string problem = one(static_cast<Sentence>(i), language); !problem.empty()) {
                    return stop(problem);
                }
            }
        }
        summary(true);
        return k_exit_ok;
    }

  private:
    // Empty, or why nothing more can be made.
    std::string one(Sentence sentence, Language language) {
        const std::string path = clip_path(sentence, language);
        const auto known = std::find_if(known_.begin(), known_.end(), [&](const ClipEntry& e) { return e.path == path; });
        if (known != known_.end() && known->words_hash == clip_words_hash(sentence, language) &&
            base::sha256_hex(read_file(folder_ / path)) == known->file_hash) {
            done_.push_back(*known);
            ++kept_;
            return {};
        }
        std::string mulaw;
        for (int tried = 1;; ++tried) {
            mulaw = speaker_.make(words(sentence, language), language);
            if (!mulaw.empty()) break;
            const TtsFailure failure = speaker_.failure().value_or(TtsFailure{});
            if (failure.condition != base::Condition::retry || tried == k_tries) return path + ": " + sentence_for(failure);
            speaker_.pause();
        }
        const std::string wav = audio::write_wav_mulaw(mulaw);
        if (std::string problem = write_whole(folder_ / path, wav); !problem.empty()) return problem;
        done_.push_back({base::sha256_hex(wav), clip_words_hash(sentence, language), path});
        ++made_;
        if (!session_.options.json) {
            session_.out << "made " << path << ", " << duration(static_cast<std::int64_t>(mulaw.size() / 8)) << "\n"
                         << std::flush;
        }
        return write_whole(folder_ / k_clip_list, header_ + write_clip_list(listed()));
    }

    // What is good by now, and what an earlier run has made and this one has not come to yet.
    std::vector<ClipEntry> listed() const {
        std::vector<ClipEntry> entries = done_;
        for (const ClipEntry& old : known_) {
            const bool again = std::any_of(done_.begin(), done_.end(), [&old](const ClipEntry& e) { return e.path == old.path; });
            if (!again) entries.push_back(old);
        }
        return entries;
    }

    int stop(const std::string& problem) {
        session_.err << "holdfastctl: " << printable(problem) << "\n";
        summary(false);
        return k_exit_not_good;
    }

    void summary(bool complete) const {
        if (session_.options.json) {
            session_.out << R"({"complete":)" << (complete ? "true" : "false") << R"(,"sentences":)" << 2 * k_sentences
                         << R"(,"made":)" << made_ << R"(,"kept":)" << kept_ << "}\n";
            return;
        }
        session_.out << 2 * k_sentences << " sentences: " << made_ << " made, " << kept_ << " were good already";
        if (!complete) session_.out << ", the rest is missing (run it again to go on)";
        session_.out << "\n";
    }

    const Session& session_;
    const fs::path folder_;
    const std::string header_;
    Speaker speaker_;
    std::vector<ClipEntry> known_;
    std::vector<ClipEntry> done_;
    int made_ = 0;
    int kept_ = 0;
};

}  // namespace

CLI::App* declare_prompts_build(CLI::App& prompts, PromptsBuild& options) {
    auto* build = prompts.add_subcommand("build", "Speak every fixed sentence of the scripted voice with ElevenLabs");
    build->add_option("--to", options.to, "Folder of the clips (elevenlabs.clips of the configuration)")->required();
    build->add_option("--voice", options.voice_id, "Voice id")->required();
    build->add_option("--model", options.model, "Model")->capture_default_str();
    build->add_option("--url", options.url, "Address of the service")->capture_default_str();
    build->add_option("--key-file", options.key_file, "File with the API key; else ELEVENLABS_API_KEY")
        ->check(CLI::ExistingFile);
    build->add_flag("--again", options.again, "Make all of them, also those that are good");
    build->fallthrough();
    return build;
}

int prompts_build_command(const Session& session, const PromptsBuild& options) {
    const auto complain = [&session](int code, const std::string& text) {
        session.err << "holdfastctl: " << printable(text) << "\n";
        return code;
    };
    log::set_level(log::Level::error);  // every failure is told here, in words
    std::vector<config::Problem> problems;
    ScriptedSettings settings;
    settings.api_key = config::find_credential({"elevenlabs_api_key", "--key-file", options.key_file, "ELEVENLABS_API_KEY"},
                                               config::Environment::process(), problems);
    if (!problems.empty()) return complain(k_exit_usage, problems[0].problem);
    settings.url = options.url;
    settings.ca_file = session.options.ca_file;
    settings.voice_id = options.voice_id;
    settings.default_voice_id.clear();  // clips are of the voice that was asked for, or none
    settings.tts_model = options.model;
    auto tts = tts_settings(settings);
    if (!tts) {
        const std::string code = tts.error().code;
        return complain(k_exit_usage, code == "url"        ? "--url takes https://host[:port]"
                                      : code == "voice_id" ? "--voice takes letters, digits, - and _"
                                      : code == "model"    ? "--model takes letters, digits, - and _"
                                                           : tts.error().detail);
    }
    net::AsioLoop loop;
    const auto speech = make_tts(loop, std::move(*tts));
    return Build(session, options, loop, *speech).run();
}

}  // namespace holdfast::ctl
