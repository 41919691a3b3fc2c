#include "twiml_reader.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace holdfast::sim {
namespace {

constexpr std::size_t k_depth_max = 16;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_name_start(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool is_name(char c) {
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

void append_utf8(std::string& out, unsigned code) {
    const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | (code >> 6));
        put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        put(0xe0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3f));
        put(0x80 | (code & 0x3f));
    } else {
        put(0xf0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3f));
        put(0x80 | ((code >> 6) & 0x3f));
        put(0x80 | (code & 0x3f));
    }
}

bool is_xml_character(unsigned code) {
    return code == 9 || code == 10 || code == 13 || (code >= 0x20 && code <= 0xd7ff) ||
           (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

struct XmlFault {
    std::size_t at;
    std::string what;
};

// Recursive descent; throws XmlFault, caught in parse_xml below.
class XmlParser {
  public:
    explicit XmlParser(std::string_view text) : text_(text) {}

    XmlElement document() {
        if (text_.substr(0, 3) == "\xef\xbb\xbf") fail("a byte order mark before <?xml");
        if (starts("<?xml") && is_space(peek(5))) skip_past("?>");
        skip_misc();
        if (peek() != '<') fail("expected the root element");
        XmlElement root = element(0);
        skip_misc();
        if (at_ != text_.size()) fail("text after the root element");
        return root;
    }

  private:
    [[noreturn]] void fail(std::string what) const { throw XmlFault{at_, std::move(what)}; }
    char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    bool starts(std::string_view word) const { return text_.substr(at_, word.size()) == word; }
    void skip_space() {
        while (is_space(peek())) ++at_;
    }
    void skip_past(std::string_view end) {
        const std::size_t found = text_.find(end, at_);
        if (found == std::string_view::npos) fail("'" + std::string(end) + "' is missing");
        at_ = found + end.size();
    }
    void skip_misc() {
        for (skip_space(); starts("<!--"); skip_space()) skip_past("-->");
    }

    std::string name() {
        const std::size_t from = at_;
        if (!is_name_start(peek())) fail("expected a name");
        while (is_name(peek())) ++at_;
        return std::string(text_.substr(from, at_ - from));
    }

    void reference(std::string& out) {
        const std::size_t end = text_.find(';', at_);
        if (end == std::string_view::npos || end - at_ > 10) fail("a bare '&'");
        const std::string_view word = text_.substr(at_ + 1, end - at_ - 1);
        static constexpr std::array<std::pair<std::string_view, char>, 5> k_entities{
            {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
        for (const auto& [entity, character] : k_entities) {
            if (word == entity) {
                out += character;
                at_ = end + 1;
                return;
            }
        }
        unsigned code = 0;
        const bool hex = word.substr(0, 2) == "#x";
        const std::string_view digits =
            word.substr(std::min<std::size_t>(word.size(), hex ? 2 : 1));
        const auto parsed =
            std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
        const bool whole = parsed.ec == std::errc() &&
                           parsed.ptr == digits.data() + digits.size() && !digits.empty();
        if (word.substr(0, 1) != "#" || !whole || !is_xml_character(code))
            fail("unknown entity '&" + std::string(word) + ";'");
        append_utf8(out, code);
        at_ = end + 1;
    }

    void character(std::string& out) {
        const char c = peek();
        if (c == '&') return reference(out);
        if (static_cast<unsigned char>(c) < 0x20 && !is_space(c)) fail("a control character");
        out += c;
        ++at_;
    }

    void attributes(XmlElement& element) {
        for (;;) {
            const bool spaced = is_space(peek());
            skip_space();
            if (peek() == '>' || starts("/>")) return;
            if (!spaced) fail("expected white space before an attribute");
            std::string key = name();
            skip_space();
            if (peek() != '=') fail("attribute '" + key + "' has no value");
            ++at_;
            skip_space();
            const char quote = peek();
            if (quote != '"' && quote != '\'') fail("attribute '" + key + "' is not quoted");
            ++at_;
            std::string value;
            while (peek() != quote) {
                if (at_ >= text_.size()) fail("attribute '" + key + "' does not end");
                if (peek() == '<') fail("'<' in attribute '" + key + "'");
                character(value);
            }
            ++at_;
            if (element.attribute(key) != nullptr) fail("attribute '" + key + "' stands twice");
            element.attributes.emplace_back(std::move(key), std::move(value));
        }
    }

    XmlElement element(std::size_t depth) {
        if (depth > k_depth_max) fail("nested too deeply");
        ++at_;  // '<'
        XmlElement out;
        out.name = name();
        attributes(out);
        if (starts("/>")) {
            at_ += 2;
            return out;
        }
        ++at_;  // '>'
        content(out, depth);
        const auto& space = " \t\r\n";
        out.text.erase(0, std::min(out.text.find_first_not_of(space), out.text.size()));
        out.text.erase(out.text.find_last_not_of(space) + 1);
        return out;
    }

    void content(XmlElement& element_out, std::size_t depth) {
        for (;;) {
            if (at_ >= text_.size()) fail("<" + element_out.name + "> does not end");
            if (starts("<!--")) {
                skip_past("-->");
            } else if (starts("</")) {
                at_ += 2;
                if (name() != element_out.name)
                    fail("<" + element_out.name + "> ends with another name");
                skip_space();
                if (peek() != '>') fail("expected '>'");
                ++at_;
                return;
            } else if (starts("<!") || starts("<?")) {
                fail("a declaration inside the document");
            } else if (peek() == '<') {
                element_out.children.push_back(element(depth + 1));
            } else {
                character(element_out.text);
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

struct VerbRule {
    std::string_view parent;
    std::string_view name;
    std::string_view attributes;  // separated by spaces
    bool text;
};

// twilio.md section 3. A verb or attribute that is not here is a finding: the daemon should not use
// it.
constexpr VerbRule k_rules[] = {
    {"Response", "Connect", "action method", false},
    {"Connect", "Stream", "url name track statusCallback statusCallbackMethod", false},
    {"Stream", "Parameter", "name value", false},
    {"Response", "Say", "voice language loop", true},
    {"Response", "Play", "loop digits", true},
    {"Response", "Pause", "length", false},
    {"Response", "Hangup", "", false},
    {"Response", "Reject", "reason", false},
    {"Response", "Redirect", "method", true},
    {"Response", "Dial",
     "timeout timeLimit callerId answerOnBridge hangupOnStar sequential record trim ringTone "
     "action method referUrl "
     "recordingStatusCallback recordingStatusCallbackEvent",
     true},
    {"Dial", "Number",
     "sendDigits url method statusCallback statusCallbackMethod statusCallbackEvent", true},
    {"Dial", "Sip",
     "username password url method statusCallback statusCallbackMethod statusCallbackEvent", true},
    {"Response", "Gather",
     "input action method timeout speechTimeout speechModel language hints profanityFilter bargeIn "
     "actionOnEmptyResult "
     "numDigits finishOnKey",
     false},
    {"Gather", "Say", "voice language loop", true},
    {"Gather", "Play", "loop digits", true},
    {"Gather", "Pause", "length", false},
    {"Response", "Record",
     "action method timeout finishOnKey maxLength playBeep trim recordingStatusCallback", false},
};

bool has_word(std::string_view words, std::string_view word) {
    for (std::size_t at = 0; (at = words.find(word, at)) != std::string_view::npos;
         at += word.size()) {
        const bool begins = at == 0 || words[at - 1] == ' ';
        const bool ends = at + word.size() == words.size() || words[at + word.size()] == ' ';
        if (begins && ends) return true;
    }
    return false;
}

base::Error twiml_error(const char* code, std::string detail) {
    return base::make_error(base::Condition::reject, code, std::move(detail));
}

base::Result<void> check_stream(const XmlElement& stream, bool allow_plain_ws) {
    const std::string* url = stream.attribute("url");
    if (url == nullptr) return twiml_error("12100", "<Stream> without url");
    const bool wss = url->rfind("wss://", 0) == 0;
    const bool ws = url->rfind("ws://", 0) == 0;
    if (!wss && !(ws && allow_plain_ws)) return twiml_error("31922", "<Stream url> is not wss://");
    if (url->find_first_of("?#") != std::string::npos)
        return twiml_error("31920", "<Stream url> has a query or fragment");
    if (stream.attribute_or("track", "inbound_track") != "inbound_track") {
        return twiml_error("31941", "under <Connect> only inbound_track works");
    }
    for (const auto& p : stream.children) {
        const std::string* name = p.attribute("name");
        const std::string* value = p.attribute("value");
        if (name == nullptr || value == nullptr || name->empty())
            return twiml_error("12100", "<Parameter> without name or value");
        if (name->size() + value->size() >= 500)
            return twiml_error("12100", "<Parameter " + *name + "> has 500 characters or more");
    }
    return {};
}

base::Result<void> check_element(const XmlElement& parent, const XmlElement& element,
                                 bool allow_plain_ws) {
    const auto rule = std::find_if(std::begin(k_rules), std::end(k_rules), [&](const VerbRule& r) {
        return r.parent == parent.name && r.name == element.name;
    });
    if (rule == std::end(k_rules))
        return twiml_error("12100", "<" + element.name + "> inside <" + parent.name + ">");
    for (const auto& [key, value] : element.attributes) {
        if (!has_word(rule->attributes, key))
            return twiml_error("12100", "attribute '" + key + "' of <" + element.name + ">");
    }
    if (!rule->text && !element.text.empty())
        return twiml_error("12100", "text inside <" + element.name + ">");
    if (element.name == "Stream") {
        if (auto ok = check_stream(element, allow_plain_ws); !ok) return ok;
    }
    if (element.name == "Connect" && element.children.size() != 1)
        return twiml_error("12100", "<Connect> wants one noun");
    if (element.name == "Dial" && element.children.empty() && element.text.empty()) {
        return twiml_error("12100", "<Dial> dials nobody");
    }
    for (const auto& child : element.children) {
        if (auto ok = check_element(element, child, allow_plain_ws); !ok) return ok;
    }
    return {};
}

}  // namespace

const std::string* XmlElement::attribute(std::string_view key) const {
    for (const auto& [name_of, value] : attributes) {
        if (name_of == key) return &value;
    }
    return nullptr;
}

std::string XmlElement::attribute_or(std::string_view key, std::string otherwise) const {
    const std::string* value = attribute(key);
    return value != nullptr ? *value : otherwise;
}

base::Result<XmlElement> parse_xml(std::string_view text) {
    if (!base::is_utf8(text)) return twiml_error("xml", "not UTF-8");
    try {
        return XmlParser(text).document();
    } catch (const XmlFault& fault) {
        const auto line =
            1 +
            std::count(text.begin(),
                       text.begin() + static_cast<std::ptrdiff_t>(std::min(fault.at, text.size())),
                       '\n');
        return twiml_error("xml", "line " + std::to_string(line) + ": " + fault.what);
    }
}

base::Result<XmlElement> parse_twiml(std::string_view text, bool allow_plain_ws) {
    auto root = parse_xml(text);
    if (!root) return twiml_error("12100", root.error().detail);
    if (root->name != "Response")
        return twiml_error("12100", "the root is <" + root->name + ">, not <Response>");
    if (!root->attributes.empty() || !root->text.empty())
        return twiml_error("12100", "<Response> has attributes or text");
    for (const auto& verb : root->children) {
        if (auto ok = check_element(*root, verb, allow_plain_ws); !ok) return ok.error();
    }
    return root;
}

std::string describe_verb(const XmlElement& verb) {
    std::string out = verb.name;
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (verb.name == "Pause") return out + " " + verb.attribute_or("length", "1") + " s";
    if (!verb.text.empty()) out += " " + verb.text;
    for (const auto& child : verb.children) {
        if (verb.name == "Dial" || verb.name == "Gather") out += " " + child.text;
        if (verb.name == "Connect") out += " stream " + child.attribute_or("url", "");
    }
    return out;
}

}  // namespace holdfast::sim
