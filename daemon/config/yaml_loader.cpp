#include "config/yaml_loader.hpp"

#include "config/checks.hpp"
#include "config/files.hpp"
#include "config/keys.hpp"
#include "config/reader.hpp"
#include "config/yaml_node.hpp"

#include "base/text.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sys/stat.h>

#include <algorithm>
#include <sstream>
#include <tuple>
#include <utility>

namespace holdfast::config {
namespace {

// A construct that a configuration file has no use for.
struct Refused {
    Position at;
    const char* problem;
    const char* expected;
};

Position position_of(const YAML::Mark& mark) {
    return {mark.line + 1, mark.column + 1};
}

// Builds the tree from yaml-cpp's events rather than from its Node: events know the line of each
// key and whether a value was quoted, keep duplicate keys, and can be stopped at our own bounds.
class TreeBuilder : public YAML::EventHandler {
  public:
    Node take_root() { return std::move(root_); }
    Position document_at() const { return document_at_; }

    void OnDocumentStart(const YAML::Mark& mark) override { document_at_ = position_of(mark); }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        leaf(mark, "", anchor, Node::Kind::null, "");
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_alias(mark); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        leaf(mark, tag, anchor, Node::Kind::scalar, value);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Node::Kind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Node::Kind::map);
    }
    void OnMapEnd() override { close(); }

  private:
    struct Level {
        Node node;
        bool key_read = false;  // of a map: the next event is a value
        std::string key;
        Position key_at;
    };

    [[noreturn]] static void refuse_alias(const YAML::Mark& mark) {
        throw Refused{position_of(mark), "anchors and aliases are not allowed", "the value itself"};
    }

    void admit(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (anchor != YAML::NullAnchor) refuse_alias(mark);
        if (!tag.empty() && tag != "?" && tag != "!") {
            throw Refused{position_of(mark), "tags are not allowed", "the value itself"};
        }
        if (++nodes_ > k_nodes_max)
            throw Refused{position_of(mark), "too many values", "a file of reasonable size"};
    }

    bool key_is_next() const {
        return !levels_.empty() && levels_.back().node.kind == Node::Kind::map &&
               !levels_.back().key_read;
    }

    void leaf(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              Node::Kind kind, const std::string& value) {
        admit(mark, tag, anchor);
        if (key_is_next()) {
            if (kind == Node::Kind::null) refuse_key(mark);
            levels_.back().key = value;
            levels_.back().key_at = position_of(mark);
            levels_.back().key_read = true;
            return;
        }
        Node node;
        node.kind = kind;
        node.at = position_of(mark);
        node.text = value;
        node.quoted = tag == "!";
        attach(std::move(node));
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              Node::Kind kind) {
        admit(mark, tag, anchor);
        if (key_is_next()) refuse_key(mark);
        if (levels_.size() >= k_depth_max) {
            throw Refused{position_of(mark), "nested too deeply",
                          "sections within sections, at most 3 deep"};
        }
        Level level;
        level.node.kind = kind;
        level.node.at = position_of(mark);
        levels_.push_back(std::move(level));
    }

    void close() {
        Node node = std::move(levels_.back().node);
        levels_.pop_back();
        attach(std::move(node));
    }

    void attach(Node node) {
        if (levels_.empty()) {
            root_ = std::move(node);
            return;
        }
        Level& parent = levels_.back();
        node.key = std::move(parent.key);
        node.key_at = parent.key_at;
        parent.key.clear();
        parent.key_read = false;
        parent.node.children.push_back(std::move(node));
    }

    [[noreturn]] static void refuse_key(const YAML::Mark& mark) {
        throw Refused{position_of(mark), "a key must be a plain name", "name: value"};
    }

    Node root_;
    Position document_at_;
    std::vector<Level> levels_;
    std::size_t nodes_ = 0;
};

// What makes the text unfit for a YAML parser, before it sees it.
std::vector<Problem> check_characters(std::string_view text, const std::string& name) {
    std::vector<Problem> problems;
    if (text.size() > k_file_bytes_max) {
        problems.push_back({name, 0, 0, "", "the file is too large", "at most 1 MiB"});
        return problems;
    }
    int number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        const auto control = std::find_if(line.begin(), line.end(),
                                          [](unsigned char c) { return c < 0x20 || c == 0x7f; });
        const int column = static_cast<int>(control - line.begin()) + 1;
        if (!base::is_utf8(line)) {
            problems.push_back({name, number, 1, "", "the line is not UTF-8", "UTF-8"});
        } else if (control != line.end()) {
            const bool tab = *control == '\t';
            const char* what = tab ? "a tab" : "a control character";
            problems.push_back({name, number, column, "", what, tab ? "spaces" : "text"});
        }
    }
    return problems;
}

// The document as a tree; problems of form are appended.
Node parse(std::string_view text, const std::string& name, std::vector<Problem>& problems) {
    const auto refuse = [&](Position at, std::string problem, std::string expected) {
        problems.push_back({name, at.line, at.column, "", std::move(problem), std::move(expected)});
        return Node();
    };
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        TreeBuilder builder;
        if (!parser.HandleNextDocument(builder)) return {};
        TreeBuilder second;
        if (parser.HandleNextDocument(second)) {
            return refuse(second.document_at(), "a second document begins here", "one document");
        }
        return builder.take_root();
    } catch (const Refused& refused) {
        return refuse(refused.at, refused.problem, refused.expected);
    } catch (const YAML::Exception& error) {
        return refuse(position_of(error.mark), "not YAML: " + error.msg, "");
    } catch (const std::exception& error) {
        return refuse({}, std::string("cannot be parsed: ") + error.what(), "");
    }
}

enum class Files { read, ignored };

// Finds each secret and says what its absence means. A source that is no good is its own problem.
void read_credentials(Config& config, const Environment& environment, Files files, Reader& reader,
                      std::vector<std::string>& notes) {
    const auto find_in = [&](std::string_view name, const std::string& file, std::vector<Problem>& problems) {
        const auto known = std::find_if(secrets().begin(), secrets().end(), [&](const SecretKey& s) { return name == s.name; });
        const std::string readable = files == Files::read ? file : std::string();
        config.credentials.*known->member =
            find_credential({known->name, known->file_key, readable, known->variable}, environment, problems);
    };
    const auto find = [&](std::string_view name, const std::string& file) { find_in(name, file, reader.problems); };
    // Whether a secret is missing: not found, not reported, and not in a file we may not look at.
    const auto is_missing = [&](const base::Secret& secret, const std::string& file,
                                std::size_t before) {
        const bool unseen = files == Files::ignored && !file.empty();
        return secret.reveal().empty() && !unseen && reader.problems.size() == before;
    };
    Credentials& found = config.credentials;
    const auto& twilio = config.twilio;

    std::size_t before = reader.problems.size();
    find("twilio_auth_token", twilio.auth_token_file);
    if (twilio.verify_signature &&
        is_missing(found.twilio_auth_token, twilio.auth_token_file, before)) {
        reader.problems.push_back(reader.problem_at(
            "twilio", "there is no auth token, and twilio.verify_signature is true",
            "credential twilio_auth_token, key twilio.auth_token_file or variable "
            "TWILIO_AUTH_TOKEN"));
    }
    find("twilio_auth_token_next", twilio.auth_token_next_file);
    find("twilio_api_key_secret", twilio.api_key_secret_file);

    const auto& webhook = config.dispatch.webhook;
    before = reader.problems.size();
    find("dispatch_webhook_secret", webhook.secret_file);
    if (!webhook.url.empty() && is_missing(found.dispatch_webhook_secret, webhook.secret_file, before)) {
        reader.problems.push_back(reader.problem_at(
            "dispatch.webhook", "there is no secret: nobody could know that a dispatch comes from this box",
            "credential dispatch_webhook_secret, key dispatch.webhook.secret_file or variable DISPATCH_WEBHOOK_SECRET"));
    }

    // Not having it must not keep callers from being answered: the journal writes on, sealed to the key's public half (D16).
    std::vector<Problem> no_key;
    find_in("master_key", config.store.master_key_file, no_key);
    found.master_key_unreadable = !no_key.empty();
    for (const auto& problem : no_key) notes.push_back(to_string(problem) + ": what was sealed cannot be read until it is there");

    find("mongodb_uri", "");

    const auto& rungs = config.ladder.rungs;
    const auto listed = [&](std::string_view rung) {
        return std::find(rungs.begin(), rungs.end(), rung) != rungs.end();
    };
    const auto note = [&](const char* section, std::string text) {
        notes.push_back(to_string(reader.problem_at(section, std::move(text), "")));
    };
    before = reader.problems.size();
    const auto& openai = config.openai;
    find("openai_api_key", openai.api_key_file);
    if (listed("openai") && !is_loopback_url(openai.url) &&
        is_missing(found.openai_api_key, openai.api_key_file, before)) {
        note("openai", "there is no API key (openai_api_key): rung openai is skipped");
    }

    before = reader.problems.size();
    const auto& eleven = config.elevenlabs;
    find("elevenlabs_api_key", eleven.api_key_file);
    if ((listed("eleven_realtime") || listed("eleven_agent") || listed("scripted")) &&
        !is_loopback_url(eleven.url) &&
        is_missing(found.elevenlabs_api_key, eleven.api_key_file, before)) {
        note("elevenlabs",
             "there is no API key (elevenlabs_api_key): rungs eleven_realtime, eleven_agent and "
             "scripted are skipped");
    }
}

// A file that must exist; `secret`: not readable by everybody.
void check_file(const char* key, const std::string& path, bool secret, Reader& reader) {
    if (path.empty() || reader.bad.count(key) != 0) return;
    const FileContent content = read_file(path, k_file_bytes_max);
    if (!content.problem.empty()) {
        const bool by_default = render(*find_key(key), reader.config) == render(*find_key(key), Config());
        reader.problems.push_back(
            reader.problem_at(key, content.problem, by_default ? "a readable file " + path + ", or this key" : "a readable file"));
    } else if (secret && (content.mode & 007) != 0) {
        reader.problems.push_back(
            reader.problem_at(key, "the file is open to everybody", "mode 0640 or tighter"));
    }
}

void read_files(Config& config, Reader& reader) {
    const auto& front = config.listen.public_;
    const auto& admin = config.listen.admin;
    if (front.tls) {
        check_file("listen.public.certificate", front.certificate, false, reader);
        check_file("listen.public.private_key", front.private_key, true, reader);
    }
    if (admin.tls) {
        check_file("listen.admin.certificate", admin.certificate, false, reader);
        check_file("listen.admin.private_key", admin.private_key, true, reader);
    }
    check_file("openai.ca_file", config.openai.ca_file, false, reader);
    check_file("elevenlabs.ca_file", config.elevenlabs.ca_file, false, reader);
    check_file("dispatch.webhook.ca_file", config.dispatch.webhook.ca_file, false, reader);
    check_file("mongodb.tls_ca_file", config.mongodb.tls_ca_file, false, reader);

    static constexpr char k_key[] = "openai.instructions_file";
    if (reader.bad.count(k_key) != 0) return;
    FileContent content = read_file(config.openai.instructions_file, k_instructions_bytes_max);
    std::string problem = content.problem;
    const bool blank = content.text.find_first_not_of(" \r\n\t") == std::string::npos;
    if (problem.empty() && blank) problem = "the file is empty";
    if (problem.empty() && !base::is_utf8(content.text)) problem = "the file is not UTF-8";
    if (problem.empty()) {
        config.instructions = std::move(content.text);
    } else {
        reader.problems.push_back(
            reader.problem_at(k_key, problem, "a text file with the instructions"));
    }
}

// File by file, each in its order; what no line is to blame for comes last in its file, what is in none of the files at the end.
void order(std::vector<Problem>& problems, const std::vector<Source>& sources) {
    const auto rank = [&](const Problem& problem) {
        const auto file = std::find_if(sources.begin(), sources.end(), [&](const Source& s) { return s.name == problem.file; });
        return std::make_tuple(file - sources.begin(), problem.line == 0, problem.line);
    };
    std::stable_sort(problems.begin(), problems.end(), [&](const Problem& a, const Problem& b) { return rank(a) < rank(b); });
    if (problems.size() <= k_problems_max) return;
    const std::size_t left_out = problems.size() - k_problems_max;
    const std::string file = problems.front().file;
    problems.resize(k_problems_max);
    problems.push_back(
        {file, 0, 0, "", "... and " + std::to_string(left_out) + " more problems", ""});
}

// `unread`: problems of files whose text is not among the sources' (it is empty there). Rules between keys are judged only once
// every file could be read: the rest of a broken one might be what they miss.
LoadResult load(const std::vector<Source>& sources, std::vector<Problem> unread, const Environment& environment, Files files) {
    LoadResult result;
    result.problems = std::move(unread);
    Reader reader(sources.front().name);
    for (const auto& [name, text] : sources) {
        std::vector<Problem> form = check_characters(text, name);
        Node root;
        if (form.empty()) root = parse(text, name, form);
        if (form.empty()) reader.read_document(root, name);
        result.problems.insert(result.problems.end(), form.begin(), form.end());
    }
    if (result.problems.empty()) {
        for (const Finding& finding : check(reader.config, reader.bad)) {
            Problem problem = reader.problem_at(finding.key, finding.text, finding.expected);
            if (finding.kind == Finding::Kind::note)
                result.notes.push_back(to_string(problem));
            else
                reader.problems.push_back(std::move(problem));
        }
        read_credentials(reader.config, environment, files, reader, result.notes);
        if (files == Files::read) read_files(reader.config, reader);
    }
    result.problems.insert(result.problems.end(), reader.problems.begin(), reader.problems.end());
    if (result.problems.empty()) result.config = std::move(reader.config);
    order(result.problems, sources);
    return result;
}

// The folder of the site's own files.
std::string site_folder(const std::string& path) {
    const auto slash = path.rfind('/');
    return (slash == std::string::npos ? std::string() : path.substr(0, slash + 1)) + "conf.d";
}

}  // namespace

LoadResult load_text(std::string_view text, const std::string& name,
                     const Environment& environment) {
    return load_texts({{name, std::string(text)}}, environment);
}

LoadResult load_texts(const std::vector<Source>& sources, const Environment& environment) {
    return load(sources, {}, environment, Files::ignored);
}

LoadResult load_file(const std::string& path, const Environment& environment) {
    std::vector<Source> sources;
    std::vector<Problem> unread;
    std::size_t left = k_file_bytes_max;
    const auto read = [&](const std::string& name) {
        FileContent content = read_file(name, k_file_bytes_max);
        const bool writable = content.problem.empty() && (content.mode & S_IWOTH) != 0;
        const bool large = content.text.size() > left;
        if (!content.problem.empty()) {
            unread.push_back({name, 0, 0, "", content.problem, "a readable configuration file"});
        } else if (writable) {
            unread.push_back({name, 0, 0, "", "everybody may write to the file", "mode 0640 or 0644"});
        } else if (large) {
            unread.push_back({name, 0, 0, "", "with the files before it that is too much", "at most 1 MiB in all"});
        } else {
            left -= content.text.size();
        }
        const bool good = content.problem.empty() && !writable && !large;
        sources.push_back({name, good ? std::move(content.text) : std::string()});
        return good;
    };
    std::vector<std::string> files;
    if (read(path)) files.push_back(path);
    const std::string folder = site_folder(path);
    const FolderContent site = list_yaml(folder, k_site_files_max);
    if (!site.problem.empty()) unread.push_back({folder, 0, 0, "", site.problem, site.expected});
    for (const auto& name : site.paths) {
        if (read(name)) files.push_back(name);
    }
    LoadResult result = load(sources, std::move(unread), environment, Files::read);
    result.files = std::move(files);
    return result;
}

log::Level log_level(const Config& config) {
    static constexpr std::pair<std::string_view, log::Level> k_levels[] = {
        {"error", log::Level::error},
        {"warning", log::Level::warning},
        {"notice", log::Level::notice},
        {"debug", log::Level::debug},
    };
    for (const auto& [word, level] : k_levels) {
        if (config.log.level == word) return level;
    }
    return log::Level::info;
}

log::Format log_format(const Config& config) {
    if (config.log.format == "json") return log::Format::json;
    if (config.log.format == "journald") return log::Format::journald;
    return config.log.format == "auto" && log::stderr_is_journal() ? log::Format::journald
                                                                   : log::Format::text;
}

}  // namespace holdfast::config
