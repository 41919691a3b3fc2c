// holdfast.yaml(5), made from the table of keys, so that it cannot disagree with the parser. No date and no version in it: it
// changes only when the configuration does.
#include "config/keys.hpp"
#include "config/yaml_loader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace holdfast::config {
namespace {

constexpr std::string_view k_example =
    "site: {id: psap-7}\n"
    "listen:\n"
    "  public: {base_url: \"https://edge.psap.example\"}\n"
    "person: {number: \"+15550100123\"}\n";

constexpr std::string_view k_second_example =
    "site:\n"
    "  id: psap-7\n"
    "listen:\n"
    "  public:\n"
    "    base_url: \"https://edge.psap.example\"\n"
    "person:\n"
    "  number: \"sip:queue@psap.example;transport=tls\"\n"
    "elevenlabs:\n"
    "  voice_id: Zx9Yw8Vu7Ts6Rq5P\n"
    "  agent: {id: agent_0123456789}\n"
    "mongodb:\n"
    "  database: psap7\n"
    "  audio: true\n";

// The code point at the front of `text`, which is UTF-8, and how many bytes it takes.
std::pair<std::uint32_t, std::size_t> first_of(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    if (byte(0) < 0x80) return {byte(0), 1};
    const std::size_t size = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    std::uint32_t code = byte(0) & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) code = code << 6 | (byte(i) & 0x3f);
    return {code, size};
}

// Any text as roff that prints it as it is: what has a meaning there, or another shape in a terminal, by name.
std::string roff(std::string_view text) {
    std::string out;
    bool line_begins = true;
    while (!text.empty()) {
        const auto [code, size] = first_of(text);
        const char c = text.front();
        if (line_begins && (c == '.' || c == '\'')) out += "\\&";
        line_begins = c == '\n';
        text.remove_prefix(size);
        if (code >= 0x80) {
            char name[16];
            std::snprintf(name, sizeof name, "\\[u%04X]", static_cast<unsigned>(code));
            out += name;
            continue;
        }
        switch (c) {
            case '\\': out += "\\(rs"; break;
            case '-': out += "\\-"; break;
            case '\'': out += "\\(aq"; break;
            case '`': out += "\\(ga"; break;
            case '^': out += "\\(ha"; break;
            case '~': out += "\\(ti"; break;
            default: out += c;
        }
    }
    return out;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }

void item(std::string& out, std::string_view name, std::string_view text) {
    out.append(".TP\n").append(bold(name)).append("\n").append(roff(text)).append("\n");
}

void example(std::string& out, std::string_view text) {
    out.append(".PP\n.RS 4\n.nf\n").append(roff(text)).append(".fi\n.RE\n");
}

std::string capital(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string default_text(const Key& key, const Config& defaults) {
    const std::string value = render(key, defaults);
    if (value == "\"\"") return "default: empty";
    if (value == "[]") return "default: the empty list";
    const std::string_view measure = unit(key);
    return "default: " + value + (measure.empty() ? "" : " " + std::string(measure));
}

// What is allowed, the default, and whether a reload is enough.
std::string facts(const Key& key, const Config& defaults) {
    const bool word = std::holds_alternative<Ref<bool>>(key.member);  // which YAML knows in lower case only
    std::string out = word ? expected(key) : capital(expected(key));
    const auto* rule = std::get_if<TextRule>(&key.allowed);
    if (rule != nullptr && rule->may_be_empty) out += ", or empty";
    if (const auto measure = unit(key); !measure.empty()) out += ", in " + std::string(measure);
    out += "; " + default_text(key, defaults) + ". ";
    return out + (key.on_reload == OnReload::applied ? "Applied live." : "Needs restart.");
}

void append_key(std::string& out, const Key& key, const Config& defaults) {
    out.append(".TP\n").append(bold(key.path)).append("\n");
    out.append(roff(facts(key, defaults))).append("\n.br\n").append(roff(key.description)).append("\n");
}

void append_keys(std::string& out) {
    const Config defaults;
    for (const Section& section : sections()) {
        const auto in_it = [&](const Key& key) { return key.path.substr(0, key.path.rfind('.')) == section.path; };
        const bool has_keys = std::any_of(keys().begin(), keys().end(), in_it);
        if (!has_keys) continue;
        out.append(".SS ").append(roff(section.path)).append("\n");
        if (!section.description.empty()) out.append(roff(section.description)).append("\n");
        for (const Key& key : keys()) {
            if (in_it(key)) append_key(out, key, defaults);
        }
    }
}

void append_secrets(std::string& out) {
    out += ".SH SECRETS\n"
           "Secrets are never in these files.\n"
           "Each is looked for in three places, and the first one that has it is used:\n"
           ".IP 1. 4\n"
           "the systemd credential of its name, which the unit takes from\n"
           "\\fI/etc/credstore/holdfast.NAME\\fR (root, mode 0600);\n"
           ".IP 2. 4\n"
           "the file that its key below names (mode 0600, of root or of the user that runs the daemon);\n"
           ".IP 3. 4\n"
           "the environment variable below, which is for tests.\n"
           ".PP\n"
           "A place that has something that is no good ends the search with a mistake.\n"
           "A file or credential holds the secret in one line.\n"
           "The service manager reads credentials when it starts the daemon: after a change of one,\n"
           "restart it.\n"
           "A file that a key names is read again by a reload.\n";
    for (const SecretKey& secret : secrets()) {
        out.append(".TP\n").append(bold(secret.name)).append("\n").append(roff(secret.description)).append("\n.br\n");
        const std::string_view file = secret.file_key;
        out.append("Key: ").append(file.empty() ? "none" : bold(file)).append("; variable: ").append(bold(secret.variable));
        out.append(secret.on_reload == OnReload::applied ? ".\n" : ".\nNeeds restart.\n");
    }
}

void append_examples(std::string& out) {
    out += ".SH EXAMPLES\n"
           "All that a box needs, as\n"
           "\\fI/etc/holdfast/conf.d/10\\-site.yaml\\fR,\n"
           "with the credentials\n"
           "\\fBtwilio_auth_token\\fR and \\fBopenai_api_key\\fR\n"
           "and a certificate at its default place:\n";
    example(out, k_example);
    out += ".PP\n"
           "With ElevenLabs behind OpenAI, the agency's own MongoDB, and people on the internet telephone; the credentials\n"
           "\\fBelevenlabs_api_key\\fR and \\fBmongodb_uri\\fR\n"
           "are there as well:\n";
    example(out, k_second_example);
}

constexpr char k_head[] =
    ".\\\" Made by holdfastd --print-config-manual from the table of keys.\n"
    ".TH HOLDFAST.YAML 5 \"\" Holdfast \"Holdfast Manual\"\n"
    ".nh\n"
    ".ad l\n"
    ".SH NAME\n"
    "holdfast.yaml \\- configuration of the Holdfast daemon\n"
    ".SH SYNOPSIS\n"
    "\\fI/etc/holdfast/holdfast.yaml\\fR\n"
    ".br\n"
    "\\fI/etc/holdfast/conf.d/*.yaml\\fR\n"
    ".SH DESCRIPTION\n"
    "\\fBholdfastd\\fR(8)\n"
    "reads the file that\n"
    "\\fB\\-\\-config\\fR\n"
    "names, then every\n"
    "\\fI*.yaml\\fR\n"
    "of the folder\n"
    "\\fIconf.d\\fR\n"
    "beside it, in byte order of their names.\n"
    "The package owns the first; the folder is the site's own.\n"
    "A later file wins key by key; a list is replaced as a whole.\n"
    "One file may not set a key twice.\n"
    "Hidden files and files with another ending are passed over.\n"
    "There may be 64 files with 1 MiB together, none of which everybody may write.\n"
    ".PP\n"
    "The files are YAML without anchors, tags and tabs.\n"
    "A name such as\n"
    "\\fBlisten.public.port\\fR\n"
    "below stands for sections within each other:\n"
    "\\fBport\\fR in \\fBpublic\\fR in \\fBlisten\\fR.\n"
    "A key that is not set keeps its default.\n"
    "Unknown keys and wrong values are mistakes, and with a mistake the daemon does not start.\n"
    ".PP\n"
    "\\fBholdfastctl check\\fR\n"
    "(with the credentials of the unit) and\n"
    "\\fBholdfastd \\-\\-check\\-config\\fR\n"
    "(with those of its own environment)\n"
    "say which files were read, and report every mistake with file, line and column.\n"
    ".SS Reload\n"
    "\\fBsystemctl reload holdfast\\fR\n"
    "(SIGHUP) reads the files again and applies what is marked\n"
    "\\(lqApplied live\\(rq\n"
    "without ending a call; a call that is under way keeps the values with which it began.\n"
    "The certificate, its key and the instructions are read again as well.\n"
    "What is marked\n"
    "\\(lqNeeds restart\\(rq\n"
    "keeps its running value, and the log names it.\n"
    "With a mistake in any file nothing changes.\n";

constexpr char k_tail[] =
    ".SH SEE ALSO\n"
    "\\fBholdfast\\fR(7),\n"
    "\\fBholdfastctl\\fR(1),\n"
    "\\fBholdfastd\\fR(8),\n"
    "\\fBsystemd.exec\\fR(5)\n";

void append_files(std::string& out) {
    out += ".SH FILES\n";
    item(out, "/etc/holdfast/holdfast.yaml", "Read first; nearly empty as it is installed.");
    item(out, "/etc/holdfast/conf.d/*.yaml", "The site's own settings.");
    item(out, "/usr/share/holdfast/holdfast.yaml", "Every key with its default, as YAML to copy from.");
    item(out, "/etc/holdfast/instructions.txt", "What the model is told to be and to do.");
    item(out, "/etc/holdfast/tls/certificate.pem, /etc/holdfast/tls/private_key.pem",
         "The certificate of the front door; root:holdfast, mode 0640.");
    item(out, "/etc/credstore/holdfast.NAME", "Secrets, see above.");
    item(out, "/usr/share/holdfast/prompts", "The recordings that callers hear.");
    item(out, "/var/lib/holdfast", "The journal and the recordings of calls.");
}

}  // namespace

std::string reference_manual() {
    std::string out = k_head;
    append_secrets(out);
    out += ".SH KEYS\n";
    append_keys(out);
    append_files(out);
    append_examples(out);
    return out + k_tail;
}

}  // namespace holdfast::config
