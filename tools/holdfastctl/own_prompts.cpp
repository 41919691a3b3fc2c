#include "holdfastctl/own_prompts.hpp"

#include "audio/wav.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "holdfastctl/print.hpp"
#include "holdfastctl/prompt_audio.hpp"
#include "holdfastctl/prompt_folder.hpp"
#include "holdfastctl/table.hpp"
#include "voice/prompts.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <ostream>
#include <set>
#include <utility>

namespace holdfast::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> k_languages{"en", "es"};

std::string decimal(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

bool is_wav(const fs::path& path) {
    return base::equal_ignoring_case(path.extension().string(), ".wav");
}

// One recording on its way into the set.
struct Imported {
    std::string name;
    std::string wav;
    std::string words;  // empty: those of the set stay
    double dbfs = 0;
    std::chrono::milliseconds length{0};
};

class Import {
  public:
    Import(const Session& session, const PromptsImport& options)
        : session_(session), options_(options), folder_(fs::path(options.to) / options.language),
          origin_(has_prompts(folder_) ? folder_ : fs::path(options.from) / options.language) {}

    int run() {
        if (!has_prompts(origin_)) return stop(origin_.string() + " has no prompts (name the shipped set with --from)");
        checked_.file = options_.to;
        checked_.kind = "prompts";
        for (const auto& name : prompts_in(origin_)) known_.insert(name);
        for (const auto& file : files()) take(file);
        if (imported_.empty() && checked_.findings.empty()) problem(options_.sources.front(), "no WAV files there");
        if (!checked_.findings.empty()) {
            checked_.notes.emplace_back("nothing was imported");
            return tell(k_exit_not_good);
        }
        if (const auto written = write(); !written) return stop(written.error().detail);
        return tell(k_exit_ok);
    }

  private:
    static bool has_prompts(const fs::path& folder) { return !prompts_in(folder).empty(); }

    void problem(const fs::path& file, const std::string& what) {
        checked_.findings.push_back({file.string(), 0, 0, "", what, ""});
    }

    std::vector<fs::path> files() {
        std::vector<fs::path> files;
        for (const auto& source : options_.sources) {
            std::error_code ec;
            if (!fs::is_directory(source, ec)) {
                files.emplace_back(source);
                continue;
            }
            std::vector<fs::path> inside;
            fs::directory_iterator it(source, ec);
            for (const fs::directory_iterator end; !ec && it != end; it.increment(ec)) {
                if (inside.size() == k_prompt_files_max) break;
                if (is_wav(it->path())) inside.push_back(it->path());
            }
            if (ec) problem(source, ec.message());
            std::sort(inside.begin(), inside.end());
            files.insert(files.end(), inside.begin(), inside.end());
        }
        return files;
    }

    void take(const fs::path& file) {
        Imported one;
        one.name = file.stem().string();
        if (!is_wav(file) || known_.count(one.name) == 0) {
            return problem(file, "no prompt has this name; a file is called as the prompt it replaces (" +
                                     *known_.begin() + ".wav ...)");
        }
        if (!taken_.insert(one.name).second) return problem(file, "this prompt is there twice");
        const auto bytes = read_whole(file, k_prompt_file_bytes_max);
        if (!bytes) return problem(file, "cannot be read, or has more than 32 MiB");
        const auto wav = audio::read_wav(*bytes);
        if (!wav) return problem(file, wav.error().detail);
        PromptAudio heard = examine_prompt(*wav);
        for (const auto& what : heard.problems) problem(file, what);
        const fs::path text = fs::path(file).replace_extension(".txt");
        std::error_code ec;
        if (fs::exists(text, ec)) {
            auto words = read_prompt_words(text);
            if (!words) return problem(text, words.error().detail);
            one.words = std::move(*words);
        }
        one.wav = audio::write_wav_mulaw(heard.mulaw);
        one.dbfs = heard.dbfs;
        one.length = heard.length;
        imported_.push_back(std::move(one));
    }

    base::Result<void> write() {
        // The other language first: until this one is there, the set is one of fallbacks.
        for (const std::string language : k_languages) {
            const fs::path folder = fs::path(options_.to) / language;
            const fs::path origin = fs::path(options_.from) / language;
            if (language == options_.language || has_prompts(folder) || !has_prompts(origin)) continue;
            auto copy = FolderChange::begin(folder, origin);
            if (!copy) return copy.error();
            if (auto done = copy->commit(); !done) return done.error();
        }
        auto change = FolderChange::begin(folder_, origin_);
        if (!change) return change.error();
        for (const auto& one : imported_) {
            if (auto done = change->replace(one.name + ".wav", one.wav); !done) return done.error();
            if (one.words.empty()) continue;
            if (auto done = change->replace(one.name + ".txt", one.words + "\n"); !done) return done.error();
        }
        return change->commit();
    }

    int tell(int exit) {
        if (session_.options.json) {
            session_.out << checked_json(checked_) << std::flush;
            return exit;
        }
        if (exit == k_exit_ok) {
            Table table({"PROMPT", ">SECONDS", ">dBFS", "WORDS"}, Last::wrap);
            for (const auto& one : imported_) {
                table.add({one.name, decimal(static_cast<double>(one.length.count()) / 1000.0), decimal(one.dbfs),
                           one.words.empty() ? "as they were" : printable(one.words)});
            }
            session_.out << table.str(session_.look) << printable(folder_.string()) << ": " << imported_.size()
                         << " imported; holdfastd takes them when it starts again\n"
                         << std::flush;
            return exit;
        }
        session_.out << print_checked(checked_, session_.look) << std::flush;
        return exit;
    }

    int stop(const std::string& what) {
        session_.err << "holdfastctl: " << printable(what) << "\n";
        return k_exit_not_good;
    }

    const Session& session_;
    const PromptsImport& options_;
    const fs::path folder_;
    const fs::path origin_;
    std::set<std::string> known_;
    std::set<std::string> taken_;
    std::vector<Imported> imported_;
    Checked checked_;
};

class Check {
  public:
    explicit Check(const std::string& folder) : folder_(folder) {
        checked_.file = folder;
        checked_.kind = "prompts";
    }

    Checked run() {
        for (const std::string language : k_languages) names_[language] = prompts_in(folder_ / language);
        if (names_["en"].empty() && names_["es"].empty()) {
            checked_.not_checked = "no prompts in en/ and es/";
            return std::move(checked_);
        }
        for (const std::string language : k_languages) check_language(language);
        check_complete();
        return std::move(checked_);
    }

  private:
    void problem(const fs::path& file, const std::string& what) {
        checked_.findings.push_back({file.string(), 0, 0, "", what, ""});
    }

    void check_language(const std::string& language) {
        const fs::path folder = folder_ / language;
        const auto sums = read_sums(folder);
        if (sums.empty()) problem(folder / k_prompt_sums, "missing: damage to a prompt would not be noticed");
        double quiet = 0;
        double loud = k_prompt_dbfs_min * 2;
        std::chrono::milliseconds length{0};
        for (const auto& name : names_[language]) {
            const fs::path wav_path = folder / (name + ".wav");
            const fs::path text_path = folder / (name + ".txt");
            if (const auto words = read_prompt_words(text_path); !words) problem(text_path, words.error().detail);
            else compare(text_path, sums);
            if (!compare(wav_path, sums)) continue;
            const auto wav = audio::read_wav(read_whole(wav_path, k_prompt_file_bytes_max).value_or(""));
            if (!wav) {
                problem(wav_path, wav.error().detail);
                continue;
            }
            const PromptAudio heard = examine_prompt(*wav);
            for (const auto& what : heard.problems) problem(wav_path, what);
            quiet = std::min(quiet, heard.dbfs);
            loud = std::max(loud, heard.dbfs);
            length += heard.length;
        }
        for (const auto& entry : sums) {
            std::error_code ec;
            if (!fs::exists(folder / entry.first, ec)) problem(folder / entry.first, "missing, but in SHA256SUMS");
        }
        if (names_[language].empty()) return;
        checked_.notes.push_back(language + ": " + std::to_string(names_[language].size()) + " prompts, " +
                                 decimal(static_cast<double>(length.count()) / 1000.0) + " s, " + decimal(quiet) + " to " +
                                 decimal(loud) + " dBFS");
    }

    bool compare(const fs::path& file, const std::map<std::string, std::string>& sums) {
        const auto bytes = read_whole(file, k_prompt_file_bytes_max);
        if (!bytes) {
            problem(file, "cannot be read, or is too large");
            return false;
        }
        if (sums.empty()) return true;
        const auto sum = sums.find(file.filename().string());
        if (sum == sums.end()) {
            problem(file, "is not in SHA256SUMS");
            return true;
        }
        if (sum->second == base::sha256_hex(*bytes)) return true;
        problem(file, "is not what SHA256SUMS says: damaged, or replaced without prompts import");
        return false;
    }

    // A prompt must be there in both languages; the daemon would speak the other one.
    void check_complete() {
        std::set<std::string> needed;
        for (const auto name : voice::needed_prompts()) needed.emplace(name);
        for (const auto& [language, names] : names_) needed.insert(names.begin(), names.end());
        for (const auto& [language, names] : names_) {
            for (const auto& name : needed) {
                if (!std::binary_search(names.begin(), names.end(), name)) {
                    problem(folder_ / language / (name + ".wav"), "missing");
                }
            }
        }
    }

    const fs::path folder_;
    std::map<std::string, std::vector<std::string>> names_;  // by language
    Checked checked_;
};

}  // namespace

CLI::App* declare_prompts_import(CLI::App& prompts, PromptsImport& options) {
    auto* import = prompts.add_subcommand("import", "Put recordings of your own in the place of prompts");
    import->add_option("FILES", options.sources, "WAV files named as the prompts, or folders; words in .txt beside them")
        ->required();
    import->add_option("--to", options.to, "Folder of your prompts (prompts.path of the configuration)")->required();
    import->add_option("--language", options.language)->check(CLI::IsMember({"en", "es"}))->capture_default_str();
    import->add_option("--from", options.from, "The set that a new folder begins as a copy of")->capture_default_str();
    import->fallthrough();
    return import;
}

int prompts_import_command(const Session& session, const PromptsImport& options) { return Import(session, options).run(); }

CLI::App* declare_prompts_check(CLI::App& prompts, std::string& folder) {
    auto* check = prompts.add_subcommand("check", "Check that a set of prompts is whole, undamaged and of one loudness");
    check->add_option("DIR", folder, "Folder with en/ and es/")->required();
    check->fallthrough();
    return check;
}

Checked check_prompts_folder(const std::string& folder) { return Check(folder).run(); }

int prompts_check_command(const Session& session, const std::string& folder) {
    const auto checked = check_prompts_folder(folder);
    session.out << (session.options.json ? checked_json(checked) : print_checked(checked, session.look)) << std::flush;
    return checked.good() ? k_exit_ok : k_exit_not_good;
}

}  // namespace holdfast::ctl
