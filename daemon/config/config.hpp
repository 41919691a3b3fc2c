// The configuration as plain structs with their defaults. No yaml-cpp here: yaml_loader.cpp is the
// one file that knows it. Values are checked by the loader; a Config that exists is valid.
#pragma once

#include "base/sensitive.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::config {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Site {
    std::string id = "site-1";  // stands in every document
};

struct PublicListen {
    std::string address = "0.0.0.0";
    std::uint16_t port = 443;
    std::string base_url;  // e.g. https://edge.psap.example ; empty: from the request's Host
    bool tls = true;
    std::string certificate = "/etc/holdfast/tls/certificate.pem";  // chain included
    std::string private_key = "/etc/holdfast/tls/private_key.pem";
};

struct AdminListen {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8911;
    bool tls = false;
    std::string certificate;
    std::string private_key;
};

struct Listen {
    PublicListen public_;
    AdminListen admin;
};

struct Twilio {
    bool verify_signature = true;  // false only with a loopback listen.public.address
    std::string account_sid;       // empty: any
    std::vector<std::string> numbers;
    std::string auth_token_file;       // used when there is no credential of that name
    std::string auth_token_next_file;
    std::string api_url = "https://api.twilio.com";  // REST, to act on a live call
    std::string api_key_sid;          // SK...; without it and its secret there is no REST
    std::string api_key_secret_file;  // used when there is no credential of that name
};

struct TurnDetection {
    std::string type = "server_vad";  // or semantic_vad
    double threshold = 0.5;
    int prefix_padding_ms = 300;
    int silence_duration_ms = 500;
};

struct OpenAi {
    std::string url = "wss://api.openai.com/v1/realtime";
    std::string ca_file;       // adds a private CA
    std::string api_key_file;  // used when there is no credential of that name
    std::string model = "gpt-realtime-2.1";
    std::string voice = "alloy";
    std::string instructions_file = "/etc/holdfast/instructions.txt";
    std::string transcription_model = "gpt-transcribe";
    std::string transcription_language;  // empty: detected
    TurnDetection turn_detection;
    milliseconds ping_interval{2000};
    milliseconds ping_timeout{4000};
    milliseconds connect_timeout{2500};  // DNS, TCP, TLS, upgrade and session.created together
};

struct ElevenRealtime {
    bool enabled = true;
    std::string model = "eleven_realtime_v1_mini";
};

struct ElevenAgent {
    std::string id;  // of an agent in the workspace; empty: no rung eleven_agent
};

struct ElevenTts {
    std::string model = "eleven_flash_v2_5";
};

struct ElevenStt {
    std::string model = "scribe_v2_realtime";
};

struct ElevenLabs {
    std::string url = "https://api.elevenlabs.io";  // sockets go to the same host with wss://
    std::string ca_file;                            // adds a private CA
    std::string api_key_file;                       // used when there is no credential of that name
    std::string voice_id;
    ElevenRealtime realtime;
    ElevenAgent agent;
    ElevenTts tts;
    ElevenStt stt;
};

// Default timers: failure-matrix.md, "Default timers".
struct Ladder {
    // Best first. `canned` and `person` are always there and always last.
    std::vector<std::string> rungs{"openai",   "eleven_realtime", "eleven_agent",
                                   "scripted", "canned",          "person"};
    milliseconds replace_within{3000};       // a lost live session comes back on its rung, or steps
    milliseconds second_loss_window{30'000};  // a second loss within this steps down
    milliseconds filler_after{1500};         // the caller stopped talking, nothing was said
    milliseconds answer_timeout{4000};       // ... and the rung is given up
    milliseconds stall_after{900};           // model audio stopped in mid-sentence; a prompt is heard within 1 s
    milliseconds step_up_after{30'000};      // health a better rung must show; also between steps
    seconds probe_interval{300};             // of a rung that no call uses; 0: only of one that failed
    seconds silence_prompt{7};               // nobody has spoken: the caller is asked
    seconds silence_person{45};              // ... and at last given to a person (T27)
};

// Line of the box, for admission (N12, N13). 0: no cap.
struct Uplink {
    int up_kbps = 0;
    int down_kbps = 0;
};

struct Person {
    std::string number;     // E.164; empty: no <Dial>
    std::string caller_id;  // empty: Twilio shows the caller's number
    seconds timeout{30};
    std::vector<std::string> words{"operator",       "a real person", "a human",
                                   "representative", "operadora",     "una persona"};
};

// Where the agency's CAD takes dispatches.
struct Webhook {
    std::string url;                  // empty: none
    std::string format = "holdfast";  // or "eido"
    std::string ca_file;
    std::string secret_file;
    seconds timeout{10};              // of one try
};

struct Dispatch {
    std::string mode = "approve";      // advise: show only; approve: somebody confirms; automatic
    bool automatic_confirmed = false;  // the agency has decided that automatic is what it wants
    int max_questions = 3;       // so many answered or unanswered questions are enough
    seconds answer_timeout{10};  // after it a question counts without an answer
    // Words of a caller that mean a life at risk now, whatever a model makes of them.
    std::vector<std::string> tripwires{"not breathing", "stopped breathing", "can't breathe", "no pulse", "unconscious",
                                       "won't wake up", "choking", "has a gun", "has a knife", "shots fired", "been shot",
                                       "been stabbed", "going to kill", "kill myself", "bleeding out", "drowning",
                                       "trapped inside", "no respira", "dejó de respirar", "no puede respirar", "sin pulso",
                                       "inconsciente", "no despierta", "tiene una pistola", "tiene un cuchillo",
                                       "le dispararon", "lo apuñalaron", "me va a matar", "me quiero morir", "se desangra",
                                       "se está ahogando", "está atrapado"};
    Webhook webhook;
};

struct Streets {
    std::string path;  // empty: no list
};

struct Store {
    std::string path = "/var/lib/holdfast/holdfast.db";
    std::string runtime_path = "/run/holdfast";  // emergency file
    int retention_days = 365;
    int words_retention_days = 0;  // 0: as retention_days
    int audit_retention_days = 0;  // 0: as retention_days
    std::string master_key_file;   // used when there is no credential of that name
};

struct Recording {
    bool enabled = false;  // of live rungs; `canned` always records
    bool transcribe = true;  // later, what no live ears heard
    std::string path = "/var/lib/holdfast/recordings";
    int retention_days = 90;
    int canned_retention_days = 0;   // 0: as retention_days
    int unheard_retention_days = 0;  // 0: as retention_days
};

// The agency's database; nothing is sent without the credential mongodb_uri.
struct MongoDb {
    std::string database = "holdfast";
    std::string tls_ca_file;  // empty: the system's
    bool audio = false;       // the sound of recordings as well
};

struct Media {
    int threads = 1;     // fixed at 1: see net/README.md
    int max_calls = 50;  // beyond it a caller goes straight to a person
};

struct Prompts {
    std::string path = "/usr/share/holdfast/prompts";
};

struct Log {
    std::string level = "info";
    std::string format = "auto";  // auto: journald when stderr is the journal, text otherwise
};

struct Credentials {
    base::Secret openai_api_key;
    base::Secret elevenlabs_api_key;
    base::Secret twilio_auth_token;
    base::Secret twilio_auth_token_next;
    base::Secret twilio_api_key_secret;
    base::Secret dispatch_webhook_secret;
    base::Secret master_key;  // what callers said is sealed under it; empty: nothing is
    bool master_key_unreadable = false;  // there is one, and it is no good
    base::Secret mongodb_uri;  // where the agency's database is; with a password
};

struct Config {
    Site site;
    Listen listen;
    Twilio twilio;
    OpenAi openai;
    ElevenLabs elevenlabs;
    Ladder ladder;
    Uplink uplink;
    Person person;
    Dispatch dispatch;
    Streets streets;
    Store store;
    MongoDb mongodb;
    Recording recording;
    Media media;
    Prompts prompts;
    Log log;
    Credentials credentials;
    std::string instructions;  // content of openai.instructions_file
};

}  // namespace holdfast::config
