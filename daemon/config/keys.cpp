#include "config/keys.hpp"

#include "base/ids.hpp"
#include "config/limits.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace holdfast::config {
namespace {

constexpr auto k_applied = OnReload::applied;
constexpr auto k_restart = OnReload::needs_restart;

// The silence we put into gaps must outlast the provider's, or no turn would end after a gap.
constexpr auto k_vad_silence_ms_max =
    std::chrono::milliseconds(limits::gap_speech_silence).count() - 100;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_alnum(char c) {
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

bool is_name(std::string_view text) {  // of a model, a voice
    return text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
               return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == ':';
           });
}

bool is_database(std::string_view text) {  // MongoDB's own rules are wider; these need no quoting anywhere
    return text.size() <= 60 && std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

bool is_site_id(std::string_view text) {
    return text.size() <= 64 && is_alnum(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_address(std::string_view text) {
    std::array<unsigned char, 16> bytes{};
    const std::string z(text);
    return ::inet_pton(AF_INET, z.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, z.c_str(), bytes.data()) == 1;
}

bool is_absolute_path(std::string_view text) {
    return text.front() == '/';
}

bool is_account_sid(std::string_view text) {
    return base::is_twilio_sid(text, 'A', 'C');
}

bool is_api_key_sid(std::string_view text) {
    return base::is_twilio_sid(text, 'S', 'K');
}

// Something a caller may say; only its size is ours to judge.
bool is_spoken(std::string_view text) {
    return text.size() <= limits::person_word_bytes_max &&
           text.find_first_not_of(' ') != std::string_view::npos;
}

bool is_language(std::string_view text) {
    return text.size() == 2 && is_lower(text[0]) && is_lower(text[1]);
}

bool is_anything(std::string_view) {
    return true;
}

const TextRule k_site_id{
    is_site_id, "1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit", {}};
const TextRule k_address{is_address, "an IPv4 or IPv6 address", {}};
const TextRule k_path{is_absolute_path, "an absolute path", {}};
const TextRule k_path_or_none{is_absolute_path, "an absolute path", {}, true};
const TextRule k_base_url{is_anything, "a URL such as https://edge.psap.example", {}, true};
const TextRule k_provider_url{is_anything, "a URL such as wss://api.openai.com/v1/realtime", {}};
const TextRule k_eleven_url{is_anything, "a URL such as https://api.elevenlabs.io", {}};
const TextRule k_twilio_url{is_anything, "a URL such as https://api.twilio.com", {}};
const TextRule k_api_key_sid{is_api_key_sid, "SK and 32 hexadecimal digits", {}, true};
const TextRule k_name_or_none{
    is_name, "a name of letters, digits and '-', '_', '.', ':'", {}, true};
const TextRule k_spoken{is_spoken, "one or a few words, at most 64 bytes", {}};
const TextRule k_rung{
    nullptr,
    "",
    {"openai", "eleven_realtime", "eleven_agent", "scripted", "canned", "person"}};
const TextRule k_account_sid{is_account_sid, "AC and 32 hexadecimal digits", {}, true};
const TextRule k_person_or_none{is_dialled, "a number such as +15550100123, or sip:queue@psap.example;transport=tls", {}, true};
const TextRule k_number{is_e164, "a number such as +15550100123", {}};
const TextRule k_number_or_none{is_e164, "a number such as +15550100123", {}, true};
const TextRule k_name{is_name, "a name of letters, digits and '-', '_', '.', ':'", {}};
const TextRule k_language{is_language, "two lower-case letters such as en or es", {}, true};
const TextRule k_vad{nullptr, "", {"server_vad", "semantic_vad"}};
const TextRule k_mode{nullptr, "", {"advise", "approve", "automatic"}};
const TextRule k_webhook_url{is_anything, "a URL such as https://cad.psap.example/dispatches", {}, true};
const TextRule k_webhook_format{nullptr, "", {"holdfast", "eido"}};
const TextRule k_database{is_database, "a name of letters, digits, '-' and '_', at most 60", {}};
const TextRule k_level{nullptr, "", {"error", "warning", "notice", "info", "debug"}};
const TextRule k_format{nullptr, "", {"auto", "text", "json", "journald"}};

// Turns a lambda that returns a member into a Ref to it.
template <class Lambda>
Member at(Lambda member) {
    using T = std::remove_reference_t<decltype(member(std::declval<Config&>()))>;
    return Ref<T>{member};
}

std::vector<Key> make_keys() {
    // clang-format off
    return {
        {"site.id", at([](Config& c) -> auto& { return c.site.id; }),
         k_site_id, k_restart,
         "Name of this box. It stands in every document that leaves it; do not change it later."},

        {"listen.public.address", at([](Config& c) -> auto& { return c.listen.public_.address; }),
         k_address, k_restart,
         "Address to listen on. 0.0.0.0 is every IPv4 address, \"::\" every address."},
        {"listen.public.port", at([](Config& c) -> auto& { return c.listen.public_.port; }),
         Range{0, 65535}, k_restart,
         "TCP port. Twilio connects to 443 unless base_url names another. 0 lets the kernel\n"
         "choose."},
        {"listen.public.base_url", at([](Config& c) -> auto& { return c.listen.public_.base_url; }),
         k_base_url, k_applied,
         "How Twilio reaches this box, exactly as it is configured there: https://HOST[:PORT],\n"
         "nothing behind it. Signatures are checked against it and streams are sent to it.\n"
         "Empty: the Host header of each request is used, which its signature covers."},
        {"listen.public.tls", at([](Config& c) -> auto& { return c.listen.public_.tls; }),
         std::monostate{}, k_restart,
         "Whether this box ends TLS itself. Write false only behind a proxy on the same machine\n"
         "or a trusted wire: calls would cross it in clear."},
        {"listen.public.certificate",
         at([](Config& c) -> auto& { return c.listen.public_.certificate; }),
         k_path_or_none, k_applied,
         "Certificate chain, PEM. A reload reads the file again."},
        {"listen.public.private_key",
         at([](Config& c) -> auto& { return c.listen.public_.private_key; }),
         k_path_or_none, k_applied,
         "Private key of the certificate, PEM, not readable by everybody. A reload reads it\n"
         "again."},

        {"listen.admin.address", at([](Config& c) -> auto& { return c.listen.admin.address; }),
         k_address, k_restart,
         "Address to listen on. Only a loopback address is allowed: the listener has no\n"
         "accounts. From elsewhere, use an SSH tunnel."},
        {"listen.admin.port", at([](Config& c) -> auto& { return c.listen.admin.port; }),
         Range{0, 65535}, k_restart,
         "TCP port. 0 lets the kernel choose."},
        {"listen.admin.tls", at([](Config& c) -> auto& { return c.listen.admin.tls; }),
         std::monostate{}, k_restart,
         "Whether the listener speaks HTTPS."},
        {"listen.admin.certificate",
         at([](Config& c) -> auto& { return c.listen.admin.certificate; }),
         k_path_or_none, k_applied,
         "Certificate chain, PEM; needed with tls. A reload reads the file again."},
        {"listen.admin.private_key",
         at([](Config& c) -> auto& { return c.listen.admin.private_key; }),
         k_path_or_none, k_applied,
         "Private key of the certificate, PEM; needed with tls. A reload reads it again."},

        {"twilio.verify_signature",
         at([](Config& c) -> auto& { return c.twilio.verify_signature; }),
         std::monostate{}, k_restart,
         "Whether requests must be signed by Twilio. false is allowed only when\n"
         "listen.public.address is a loopback address: anybody who can reach an unsigned front\n"
         "door can start calls."},
        {"twilio.account_sid", at([](Config& c) -> auto& { return c.twilio.account_sid; }),
         k_account_sid, k_applied,
         "Account that may call this box. Empty: any account that signs with our auth token."},
        {"twilio.numbers", at([](Config& c) -> auto& { return c.twilio.numbers; }),
         k_number, k_applied,
         "Numbers that lead to this box, for example [\"+15550100123\"], for holdfastctl doctor. A call\n"
         "to another one is answered all the same."},
        {"twilio.auth_token_file", at([](Config& c) -> auto& { return c.twilio.auth_token_file; }),
         k_path_or_none, k_applied,
         "File with the auth token, mode 0600, if it is not a systemd credential."},
        {"twilio.auth_token_next_file",
         at([](Config& c) -> auto& { return c.twilio.auth_token_next_file; }),
         k_path_or_none, k_applied,
         "The same for a second auth token, accepted as well during a rotation."},
        {"twilio.api_url", at([](Config& c) -> auto& { return c.twilio.api_url; }),
         k_twilio_url, k_applied,
         "Where Twilio's REST API is, used to act on a live call that does not follow. https://;\n"
         "http:// only to this machine."},
        {"twilio.api_key_sid", at([](Config& c) -> auto& { return c.twilio.api_key_sid; }),
         k_api_key_sid, k_applied,
         "API key for it. Without a key and its secret, live calls are left to Twilio."},
        {"twilio.api_key_secret_file",
         at([](Config& c) -> auto& { return c.twilio.api_key_secret_file; }),
         k_path_or_none, k_applied,
         "File with the secret of the API key, mode 0600, if it is not a systemd credential."},

        {"openai.url", at([](Config& c) -> auto& { return c.openai.url; }),
         k_provider_url, k_applied,
         "Where the realtime model is. wss:// with a verified certificate; ws:// only to this\n"
         "machine."},
        {"openai.ca_file", at([](Config& c) -> auto& { return c.openai.ca_file; }),
         k_path_or_none, k_applied,
         "Certificates of a private CA to trust beside those of the system, PEM."},
        {"openai.api_key_file", at([](Config& c) -> auto& { return c.openai.api_key_file; }),
         k_path_or_none, k_applied,
         "File with the API key, mode 0600, if it is not a systemd credential."},
        {"openai.model", at([](Config& c) -> auto& { return c.openai.model; }),
         k_name, k_applied,
         "The model that talks with callers."},
        {"openai.voice", at([](Config& c) -> auto& { return c.openai.voice; }),
         k_name, k_applied,
         "Its voice: alloy, ash, ballad, cedar, coral, echo, marin, sage, shimmer, verse or one\n"
         "of yours."},
        {"openai.instructions_file",
         at([](Config& c) -> auto& { return c.openai.instructions_file; }),
         k_path, k_applied,
         "What the model is told to be and to do. A reload reads the file again."},
        {"openai.transcription_model",
         at([](Config& c) -> auto& { return c.openai.transcription_model; }),
         k_name, k_applied,
         "The model that writes down what the caller says."},
        {"openai.transcription_language",
         at([](Config& c) -> auto& { return c.openai.transcription_language; }),
         k_language, k_applied,
         "Language of most callers (en, es). Empty: detected, which suits mixed speech."},
        {"openai.ping_interval_ms", at([](Config& c) -> auto& { return c.openai.ping_interval; }),
         Range{100, 60'000}, k_applied,
         "Pause between pings to the provider."},
        {"openai.ping_timeout_ms", at([](Config& c) -> auto& { return c.openai.ping_timeout; }),
         Range{100, 120'000}, k_applied,
         "A provider that is silent for this long is lost. Not below ping_interval_ms."},
        {"openai.connect_timeout_ms",
         at([](Config& c) -> auto& { return c.openai.connect_timeout; }),
         Range{100, 30'000}, k_applied,
         "Name, TCP, TLS, upgrade and session together may take this long."},
        {"openai.turn_detection.type",
         at([](Config& c) -> auto& { return c.openai.turn_detection.type; }),
         k_vad, k_applied,
         "How the provider finds the end of the caller's turn: by silence, or by what was said."},
        {"openai.turn_detection.threshold",
         at([](Config& c) -> auto& { return c.openai.turn_detection.threshold; }),
         Range{0, 1}, k_applied,
         "How loud speech must be (server_vad). On noisy lines try 0.6 to 0.8 first."},
        {"openai.turn_detection.prefix_padding_ms",
         at([](Config& c) -> auto& { return c.openai.turn_detection.prefix_padding_ms; }),
         Range{0, 5'000}, k_applied,
         "Audio kept from before the start of speech (server_vad)."},
        {"openai.turn_detection.silence_duration_ms",
         at([](Config& c) -> auto& { return c.openai.turn_detection.silence_duration_ms; }),
         Range{100, static_cast<double>(k_vad_silence_ms_max)}, k_applied,
         "Silence that ends a turn (server_vad). Shorter answers sooner and interrupts more."},

        {"elevenlabs.url", at([](Config& c) -> auto& { return c.elevenlabs.url; }),
         k_eleven_url, k_applied,
         "Where ElevenLabs is; api.us.elevenlabs.io keeps to the United States and has keys and\n"
         "voices of its own. https:// or wss:// with a verified certificate; http:// or ws://\n"
         "only to this machine."},
        {"elevenlabs.ca_file", at([](Config& c) -> auto& { return c.elevenlabs.ca_file; }),
         k_path_or_none, k_applied,
         "Certificates of a private CA to trust beside those of the system, PEM."},
        {"elevenlabs.api_key_file",
         at([](Config& c) -> auto& { return c.elevenlabs.api_key_file; }),
         k_path_or_none, k_applied,
         "File with the API key, mode 0600, if it is not a systemd credential."},
        {"elevenlabs.voice_id", at([](Config& c) -> auto& { return c.elevenlabs.voice_id; }),
         k_name_or_none, k_applied,
         "The voice of the workspace that speaks. Without one, rung scripted has only the clips\n"
         "made before, and the live rungs speak in their own default."},
        {"elevenlabs.realtime.enabled",
         at([](Config& c) -> auto& { return c.elevenlabs.realtime.enabled; }),
         std::monostate{}, k_applied,
         "Whether rung eleven_realtime is used. A workspace without access to it is noticed by\n"
         "the probe at the start."},
        {"elevenlabs.realtime.model",
         at([](Config& c) -> auto& { return c.elevenlabs.realtime.model; }),
         k_name, k_applied,
         "The model that talks with callers on that rung."},
        {"elevenlabs.agent.id", at([](Config& c) -> auto& { return c.elevenlabs.agent.id; }),
         k_name_or_none, k_applied,
         "The agent of rung eleven_agent, not on an OpenAI model. Empty: the rung is skipped."},
        {"elevenlabs.tts.model", at([](Config& c) -> auto& { return c.elevenlabs.tts.model; }),
         k_name, k_applied,
         "The model that speaks the questions of rung scripted."},
        {"elevenlabs.stt.model", at([](Config& c) -> auto& { return c.elevenlabs.stt.model; }),
         k_name, k_applied,
         "The model that writes down the caller's answers on rung scripted."},

        {"ladder.rungs", at([](Config& c) -> auto& { return c.ladder.rungs; }),
         k_rung, k_applied,
         "The rungs, best first, each at most once. canned and person are always the last two:\n"
         "they need no provider. A rung without its credentials is skipped."},
        {"ladder.replace_within_ms",
         at([](Config& c) -> auto& { return c.ladder.replace_within; }),
         Range{500, 10'000}, k_applied,
         "A live session that is lost is opened again on its rung, once, within this time; else\n"
         "the call steps down."},
        {"ladder.second_loss_window_ms",
         at([](Config& c) -> auto& { return c.ladder.second_loss_window; }),
         Range{1'000, 600'000}, k_applied,
         "A second loss within this time steps down at once. Not below replace_within_ms."},
        {"ladder.filler_after_ms", at([](Config& c) -> auto& { return c.ladder.filler_after; }),
         Range{300, 4'000}, k_applied,
         "The caller stopped talking and hears nothing for this long: a short recording plays."},
        {"ladder.answer_timeout_ms",
         at([](Config& c) -> auto& { return c.ladder.answer_timeout; }),
         Range{1'000, 10'000}, k_applied,
         "... and nothing for this long: the call steps down. Longer than filler_after_ms."},
        {"ladder.stall_after_ms", at([](Config& c) -> auto& { return c.ladder.stall_after; }),
         Range{300, 4'000}, k_applied,
         "The voice falls silent in mid-sentence for this long: a recording takes over."},
        {"ladder.step_up_after_ms", at([](Config& c) -> auto& { return c.ladder.step_up_after; }),
         Range{5'000, 3'600'000}, k_applied,
         "A better rung must be healthy for this long before a call returns to it. A call steps\n"
         "up at most once in this time."},
        {"ladder.probe_interval_s",
         at([](Config& c) -> auto& { return c.ladder.probe_interval; }),
         Range{0, 86'400}, k_applied,
         "A rung that no call has used for this long is tried with a session of its own, which\n"
         "the provider bills by its seconds. 0: only a rung that failed is."},
        {"ladder.silence_prompt_s",
         at([](Config& c) -> auto& { return c.ladder.silence_prompt; }),
         Range{3, 60}, k_applied,
         "Neither side has spoken for this long: the caller is asked, then offered keys."},
        {"ladder.silence_person_s",
         at([](Config& c) -> auto& { return c.ladder.silence_person; }),
         Range{10, 600}, k_applied,
         "The caller has neither spoken nor pressed a key for this long: a person takes the\n"
         "call. Longer than silence_prompt_s."},

        {"uplink.up_kbps", at([](Config& c) -> auto& { return c.uplink.up_kbps; }),
         Range{0, 10'000'000}, k_applied,
         "What the line carries away from this box. A call needs 180 kbit/s each way; callers\n"
         "for whom there is no room go straight to a person. 0: no cap."},
        {"uplink.down_kbps", at([](Config& c) -> auto& { return c.uplink.down_kbps; }),
         Range{0, 10'000'000}, k_applied,
         "The same towards this box."},

        {"person.number", at([](Config& c) -> auto& { return c.person.number; }),
         k_person_or_none, k_applied,
         "Number to dial, for example \"+15550100123\", or an address of the internet telephone,\n"
         "for example \"sip:queue@psap.example;transport=tls\". It may be empty only when\n"
         "listen.public.address is a loopback address; then nobody is dialled and the caller\n"
         "hears a sentence."},
        {"person.caller_id", at([](Config& c) -> auto& { return c.person.caller_id; }),
         k_number_or_none, k_applied,
         "Number the person sees. Empty: the caller's own."},
        {"person.timeout_s", at([](Config& c) -> auto& { return c.person.timeout; }),
         Range{5, 600}, k_applied,
         "How long it rings."},
        {"person.words", at([](Config& c) -> auto& { return c.person.words; }),
         k_spoken, k_applied,
         "A caller who says one of these goes straight to a person. The key 0 always does."},

        {"dispatch.mode", at([](Config& c) -> auto& { return c.dispatch.mode; }),
         k_mode, k_applied,
         "advise shows what the box would do. approve waits for a person, or for the CAD to\n"
         "accept. automatic sends by itself; the CAD's acceptance completes it."},
        {"dispatch.automatic_confirmed", at([](Config& c) -> auto& { return c.dispatch.automatic_confirmed; }),
         std::monostate{}, k_applied,
         "The agency has decided that nobody confirms a dispatch. Needed for mode automatic."},
        {"dispatch.max_questions", at([](Config& c) -> auto& { return c.dispatch.max_questions; }),
         Range{1, 20}, k_applied,
         "After so many questions help is proposed with what is known by then. Before, as soon\n"
         "as the place and the kind of emergency are."},
        {"dispatch.answer_timeout_s", at([](Config& c) -> auto& { return c.dispatch.answer_timeout; }),
         Range{3, 120}, k_applied,
         "A question that got no answer for this long counts too: a caller may be unable to\n"
         "speak."},
        {"dispatch.tripwires", at([](Config& c) -> auto& { return c.dispatch.tripwires; }),
         k_spoken, k_applied,
         "A caller who says one of these is in danger of life: the incident gets priority 1,\n"
         "operators are alerted and the caller is offered a person, whatever a model does."},
        {"dispatch.webhook.url", at([](Config& c) -> auto& { return c.dispatch.webhook.url; }),
         k_webhook_url, k_applied,
         "Where dispatches are posted to, as JSON. Empty: there is no CAD, and a person's\n"
         "approval is the acknowledgement."},
        {"dispatch.webhook.format", at([](Config& c) -> auto& { return c.dispatch.webhook.format; }),
         k_webhook_format, k_applied,
         "holdfast, or eido: the shape of NENA-STA-021, unchecked against NENA's own schema."},
        {"dispatch.webhook.ca_file", at([](Config& c) -> auto& { return c.dispatch.webhook.ca_file; }),
         k_path_or_none, k_applied,
         "PEM file with a private certificate authority, besides the system's."},
        {"dispatch.webhook.secret_file", at([](Config& c) -> auto& { return c.dispatch.webhook.secret_file; }),
         k_path_or_none, k_applied,
         "File with the secret that signs what is posted, and what the CAD posts back."},
        {"dispatch.webhook.timeout_s", at([](Config& c) -> auto& { return c.dispatch.webhook.timeout; }),
         Range{1, 60}, k_applied,
         "How long one try may take."},

        {"streets.path", at([](Config& c) -> auto& { return c.streets.path; }),
         k_path_or_none, k_applied,
         "The agency's own streets, as `holdfastctl streets import` writes them. Places that\n"
         "callers name are checked against it; what it does not know has to be asked for."},

        {"store.path", at([](Config& c) -> auto& { return c.store.path; }),
         k_path, k_restart,
         "The journal (SQLite). Its folder must be ours and on a local disk."},
        {"store.runtime_path", at([](Config& c) -> auto& { return c.store.runtime_path; }),
         k_path, k_restart,
         "Folder in memory for the emergency file, used while the journal cannot be written."},
        {"store.retention_days", at([](Config& c) -> auto& { return c.store.retention_days; }),
         Range{1, 36'500}, k_applied,
         "How long calls are kept. Then all of a call goes: every row, its recordings and its key,\n"
         "but never before mongodb has it, nor while somebody holds it (holdfastctl hold)."},
        {"store.words_retention_days", at([](Config& c) -> auto& { return c.store.words_retention_days; }),
         Range{0, 36'500}, k_applied,
         "The same for what was said in it, earlier. 0: as the call."},
        {"store.audit_retention_days", at([](Config& c) -> auto& { return c.store.audit_retention_days; }),
         Range{0, 36'500}, k_applied,
         "The same for audit rows. 0: as calls."},
        {"store.master_key_file", at([](Config& c) -> auto& { return c.store.master_key_file; }),
         k_path_or_none, k_restart,
         "File with the master key, if it is not a systemd credential: 64 hexadecimal digits, then\n"
         "older keys with commas between them. With one, what callers say is stored sealed."},

        {"mongodb.database", at([](Config& c) -> auto& { return c.mongodb.database; }),
         k_database, k_restart,
         "Database that gets active_calls, transcripts, incidents, dispatches, recordings and audit."},
        {"mongodb.tls_ca_file", at([](Config& c) -> auto& { return c.mongodb.tls_ca_file; }),
         k_path_or_none, k_restart,
         "PEM file of the authority that signed the database's certificate. Empty: the system's."},
        {"mongodb.audio", at([](Config& c) -> auto& { return c.mongodb.audio; }),
         std::monostate{}, k_restart,
         "Whether recordings themselves go there as well (GridFS, bucket audio), when nothing else waits.\n"
         "Then no recording is deleted before it is there. About 58 MB for an hour of a call."},

        {"recording.enabled", at([](Config& c) -> auto& { return c.recording.enabled; }),
         std::monostate{}, k_applied,
         "Whether calls are recorded on every rung. Rung canned always records: nobody else\n"
         "listens there."},
        {"recording.transcribe", at([](Config& c) -> auto& { return c.recording.transcribe; }),
         std::monostate{}, k_applied,
         "Whether what was said on rung canned is written down later, by OpenAI, out of the\n"
         "recording: only the caller's side, and only what nobody heard live."},
        {"recording.path", at([](Config& c) -> auto& { return c.recording.path; }),
         k_path, k_restart,
         "Folder of the recordings. It must be ours and on a local disk."},
        {"recording.retention_days",
         at([](Config& c) -> auto& { return c.recording.retention_days; }),
         Range{1, 36'500}, k_applied,
         "How long they are kept at least."},
        {"recording.canned_retention_days",
         at([](Config& c) -> auto& { return c.recording.canned_retention_days; }),
         Range{0, 36'500}, k_applied,
         "The same for calls on rung canned, which nobody heard live. 0: as the others."},
        {"recording.unheard_retention_days",
         at([](Config& c) -> auto& { return c.recording.unheard_retention_days; }),
         Range{0, 36'500}, k_applied,
         "The same for last words that no voice wrote down, kept of calls that are not\n"
         "recorded otherwise. 0: as the others."},

        {"media.threads", at([](Config& c) -> auto& { return c.media.threads; }),
         Range{1, 1}, k_restart,
         "Media threads. This version runs exactly one, which carries hundreds of calls."},
        {"media.max_calls", at([](Config& c) -> auto& { return c.media.max_calls; }),
         Range{1, 2'000}, k_applied,
         "Calls at the same time. A caller beyond it is not refused but sent straight to a\n"
         "person."},

        {"prompts.path", at([](Config& c) -> auto& { return c.prompts.path; }),
         k_path, k_restart,
         "Folder with greeting.wav and the other recordings."},

        {"log.level", at([](Config& c) -> auto& { return c.log.level; }),
         k_level, k_applied,
         "Least important line that is written. No level shows what callers say, or their\n"
         "numbers."},
        {"log.format", at([](Config& c) -> auto& { return c.log.format; }),
         k_format, k_restart,
         "auto: journald when systemd runs the daemon, else text on stderr."},
    };
    // clang-format on
}

std::string number_text(double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), end.ptr};
}

// Plain where YAML would read it back as the same text, else quoted.
std::string yaml_text(const std::string& text) {
    const bool plain = !text.empty() && is_alnum(text.front()) && !is_digit(text.front()) &&
                       std::all_of(text.begin(), text.end(), [](char c) {
                           return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
                       });
    if (plain || (!text.empty() && text.front() == '/' && text.find(' ') == std::string::npos))
        return text;
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string yaml_value(const std::string& v) {
    return yaml_text(v);
}
std::string yaml_value(bool v) {
    return v ? "true" : "false";
}
std::string yaml_value(int v) {
    return std::to_string(v);
}
std::string yaml_value(std::uint16_t v) {
    return std::to_string(v);
}
std::string yaml_value(double v) {
    return number_text(v);
}
std::string yaml_value(milliseconds v) {
    return std::to_string(v.count());
}
std::string yaml_value(seconds v) {
    return std::to_string(v.count());
}
std::string yaml_value(const std::vector<std::string>& v) {
    std::string out = "[";
    for (const auto& item : v) out += (out.size() > 1 ? ", " : "") + yaml_text(item);
    return out + "]";
}

template <class Variant, class Text>
auto find_by_path(const Variant& table, Text path) {
    return std::find_if(table.begin(), table.end(),
                        [&](const auto& entry) { return entry.path == path; });
}

std::string words_text(const std::vector<std::string_view>& words) {
    std::string out = "one of ";
    for (std::size_t i = 0; i < words.size(); ++i) out.append(i == 0 ? "" : ", ").append(words[i]);
    return out;
}

std::string range_text(const Range& range, bool real) {
    if (range.least == range.most) return "exactly " + number_text(range.least);
    return (real ? "a number from " : "an integer from ") +
           std::to_string(static_cast<std::int64_t>(range.least)) + " to " +
           std::to_string(static_cast<std::int64_t>(range.most));
}

}  // namespace

const std::vector<Key>& keys() {
    static const std::vector<Key> table = make_keys();
    return table;
}

const std::vector<Section>& sections() {
    static const std::vector<Section> table = {
        {"site", ""},
        {"listen", ""},
        {"listen.public", "The front door: Twilio's webhooks and media streams."},
        {"listen.admin", "Health, metrics and the read-only API for holdfastctl."},
        {"twilio",
         "The auth token is a secret: credential twilio_auth_token, auth_token_file, or the "
         "environment\n"
         "variable TWILIO_AUTH_TOKEN. During a rotation also twilio_auth_token_next. The API key's secret\n"
         "is credential twilio_api_key_secret, api_key_secret_file or TWILIO_API_KEY_SECRET."},
        {"openai",
         "The API key is a secret: credential openai_api_key, api_key_file, or the environment "
         "variable\n"
         "OPENAI_API_KEY. Without one rung openai is skipped."},
        {"openai.turn_detection", ""},
        {"elevenlabs",
         "The API key is a secret: credential elevenlabs_api_key, api_key_file, or the environment\n"
         "variable ELEVENLABS_API_KEY. Without one its three rungs are skipped."},
        {"elevenlabs.realtime", ""},
        {"elevenlabs.agent", ""},
        {"elevenlabs.tts", ""},
        {"elevenlabs.stt", ""},
        {"ladder",
         "What talks with a caller, best first, and when a call leaves a rung that fails."},
        {"uplink", "The line of this box, when it is known to be narrow."},
        {"person",
         "Who takes a call that this box cannot serve, or whose caller asks for a person."},
        {"dispatch", "When somebody is proposed to be sent, and who decides."},
        {"dispatch.webhook",
         "The secret is a credential: dispatch_webhook_secret, secret_file, or the environment\n"
         "variable DISPATCH_WEBHOOK_SECRET."},
        {"streets", ""},
        {"store", ""},
        {"mongodb",
         "The agency's own database, which gets everything the journal has, as soon as the line allows. Its\n"
         "URI is a secret: credential mongodb_uri, or the environment variable MONGODB_URI. Without one\n"
         "everything stays here."},
        {"recording", "Audio of calls, both sides, as mu-law WAV."},
        {"media", ""},
        {"prompts", ""},
        {"log", ""},
    };
    return table;
}

const std::vector<SecretKey>& secrets() {
    using C = Credentials;
    static const std::vector<SecretKey> table = {
        {"twilio_auth_token", "twilio.auth_token_file", "TWILIO_AUTH_TOKEN", &C::twilio_auth_token, k_applied,
         "The auth token of the Twilio account, which signs its requests. Needed."},
        {"twilio_auth_token_next", "twilio.auth_token_next_file", "TWILIO_AUTH_TOKEN_NEXT", &C::twilio_auth_token_next, k_applied,
         "A second one, accepted as well during a rotation."},
        {"twilio_api_key_secret", "twilio.api_key_secret_file", "TWILIO_API_KEY_SECRET", &C::twilio_api_key_secret, k_applied,
         "The secret of twilio.api_key_sid."},
        {"openai_api_key", "openai.api_key_file", "OPENAI_API_KEY", &C::openai_api_key, k_applied,
         "Without it rung openai is skipped."},
        {"elevenlabs_api_key", "elevenlabs.api_key_file", "ELEVENLABS_API_KEY", &C::elevenlabs_api_key, k_applied,
         "Without it the rungs eleven_realtime, eleven_agent and scripted are skipped."},
        {"mongodb_uri", "", "MONGODB_URI", &C::mongodb_uri, k_restart,
         "Where the agency's database is, with its password. Without it nothing is sent there."},
        {"dispatch_webhook_secret", "dispatch.webhook.secret_file", "DISPATCH_WEBHOOK_SECRET", &C::dispatch_webhook_secret, k_applied,
         "Signs what goes to the agency's CAD. Needed with dispatch.webhook.url."},
        {"master_key", "store.master_key_file", "HOLDFAST_MASTER_KEY", &C::master_key, k_restart,
         "What callers say is stored sealed under it: 64 hexadecimal digits, then older keys with commas between them."},
    };
    return table;
}

std::string_view unit(const Key& key) {
    static constexpr std::pair<std::string_view, std::string_view> k_units[] = {
        {"_ms", "ms"}, {"_s", "s"}, {"_days", "days"}, {"_kbps", "kbit/s"}};
    for (const auto& [tail, name] : k_units) {
        if (key.path.size() > tail.size() && key.path.substr(key.path.size() - tail.size()) == tail) return name;
    }
    return {};
}

const Key* find_key(std::string_view path) {
    const auto found = find_by_path(keys(), path);
    return found == keys().end() ? nullptr : &*found;
}

bool is_section(std::string_view path) {
    return find_by_path(sections(), path) != sections().end();
}

std::string expected(const Key& key) {
    if (std::holds_alternative<Ref<bool>>(key.member)) return "true or false";
    if (const auto* range = std::get_if<Range>(&key.allowed)) {
        return range_text(*range, std::holds_alternative<Ref<double>>(key.member));
    }
    const auto& rule = std::get<TextRule>(key.allowed);
    const std::string one = rule.words.empty() ? rule.expected : words_text(rule.words);
    return std::holds_alternative<Ref<std::vector<std::string>>>(key.member)
               ? "a list, each item " + one
               : one;
}

std::string render(const Key& key, const Config& config) {
    return std::visit([&](const auto& ref) { return yaml_value(ref.in_const(config)); },
                      key.member);
}

// What <Sip> takes: sip: or sips:, a user, one '@', a host, and parameters behind ';' (RFC 3261 19.1, without
// passwords, headers and escapes).
bool is_sip_address(std::string_view text) {
    constexpr std::size_t k_bytes_max = 255;
    if (text.size() > k_bytes_max) return false;
    for (const std::string_view scheme : {"sip:", "sips:"}) {
        if (text.substr(0, scheme.size()) != scheme) continue;
        text.remove_prefix(scheme.size());
        const auto plain = [](char c, std::string_view also) {
            return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || also.find(c) != std::string_view::npos;
        };
        const auto at = text.find('@');
        if (at == 0 || at == std::string_view::npos) return false;
        const auto user = text.substr(0, at);
        const auto rest = text.substr(at + 1);
        const auto host = rest.substr(0, rest.find(';'));
        return !host.empty() && plain(host.front(), "[") &&
               std::all_of(user.begin(), user.end(), [&](char c) { return plain(c, "-_.!~*'()+"); }) &&
               std::all_of(host.begin(), host.end(), [&](char c) { return plain(c, "-.:[]"); }) &&
               std::all_of(rest.begin(), rest.end(), [&](char c) { return plain(c, "-.:[];=_+"); });
    }
    return false;
}

bool is_dialled(std::string_view text) { return is_e164(text) || is_sip_address(text); }

bool is_e164(std::string_view text) {
    return text.size() >= 8 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
           std::all_of(text.begin() + 1, text.end(), is_digit);
}

bool is_loopback_address(std::string_view address) {
    const std::string z(address);
    in_addr v4{};
    if (::inet_pton(AF_INET, z.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    if (::inet_pton(AF_INET6, z.c_str(), &v6) != 1) return false;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace holdfast::config
