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
    std::string certificate;  // PEM file, chain included
    std::string private_key;  // PEM file
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

struct Person {
    std::string number;     // E.164; empty: no <Dial>
    std::string caller_id;  // empty: Twilio shows the caller's number
    seconds timeout{30};
};

struct Store {
    std::string path = "/var/lib/holdfast/holdfast.db";
    std::string runtime_path = "/run/holdfast";  // emergency file
    int retention_days = 365;
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
    base::Secret twilio_auth_token;
    base::Secret twilio_auth_token_next;
};

struct Config {
    Site site;
    Listen listen;
    Twilio twilio;
    OpenAi openai;
    Person person;
    Store store;
    Media media;
    Prompts prompts;
    Log log;
    Credentials credentials;
    std::string instructions;  // content of openai.instructions_file
};

}  // namespace holdfast::config
