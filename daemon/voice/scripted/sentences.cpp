#include "voice/scripted/sentences.hpp"

#include "base/assert.hpp"

#include <array>

namespace holdfast::voice::scripted {
namespace {

struct Row {
    std::string_view name;
    std::string_view en;
    std::string_view es;
};

// In the order of the enumeration. Changed words need a changed clip: `holdfastctl prompts build` makes
// it again, and until then the old one is not played.
constexpr std::array k_rows{
    Row{"still_here", "I am still here.", "Sigo aquí."},
    Row{"where", "What is the address of the emergency?", "¿Cuál es la dirección de la emergencia?"},
    Row{"where_again", "Tell me the street and the number, or the nearest corner.",
        "Dígame la calle y el número, o la esquina más cercana."},
    Row{"where_check", "Please tell me the address once more.", "Por favor, dígame la dirección otra vez."},
    Row{"what", "Tell me exactly what happened.", "Dígame exactamente qué pasó."},
    Row{"what_again", "In a few words, what is the emergency?", "En pocas palabras, ¿cuál es la emergencia?"},
    Row{"danger", "Is anyone hurt or in danger?", "¿Hay alguien herido o en peligro?"},
    Row{"danger_again", "If anyone is hurt or in danger, say yes or press one. If not, say no or press two.",
        "Si hay alguien herido o en peligro, diga sí o marque uno. Si no, diga no o marque dos."},
    Row{"callback", "What number are you calling from?", "¿De qué número llama?"},
    Row{"callback_again", "Say your phone number one digit at a time, or key it in.",
        "Diga su número de teléfono cifra por cifra, o márquelo."},
    Row{"callback_check", "Please tell me the number once more.", "Por favor, dígame el número otra vez."},
    Row{"i_understood", "I understood:", "Entendí:"},
    Row{"your_number", "Your number is:", "Su número es:"},
    Row{"right", "Is that right?", "¿Es correcto?"},
    Row{"right_again", "If it is right, say yes or press one. If not, say no or press two.",
        "Si es correcto, diga sí o marque uno. Si no, diga no o marque dos."},
    Row{"not_repeated", "I cannot repeat it to you, but it is written down.",
        "No puedo repetirlo, pero está anotado."},
    Row{"moment", "One moment, please.", "Un momento, por favor."},
    Row{"noted", "Thank you. It is written down. Please stay on the line.",
        "Gracias. Está anotado. Por favor, no cuelgue."},
    Row{"more", "Is there anything more you can tell me?", "¿Puede decirme algo más?"},
    Row{"more_again", "I am still here. Has anything changed?", "Sigo aquí. ¿Ha cambiado algo?"},
    Row{"keys_help",
        "If you cannot speak, use the keys of your phone. Press one for yes, two for no. Do you need help?",
        "Si no puede hablar, use las teclas de su teléfono. Marque uno para sí, dos para no. ¿Necesita ayuda?"},
    Row{"keys_help_again", "I hear nothing. Do you need help? Press one for yes, two for no.",
        "No oigo nada. ¿Necesita ayuda? Marque uno para sí, dos para no."},
    Row{"keys_deaf",
        "I cannot hear you at the moment. Use the keys of your phone: one for yes, two for no. "
        "Do you need help?",
        "No puedo oírle en este momento. Use las teclas de su teléfono: uno para sí, dos para no. "
        "¿Necesita ayuda?"},
    Row{"keys_again", "Press one for yes, or two for no.", "Marque uno para sí, o dos para no."},
    Row{"keys_danger", "Are you in danger right now? One for yes, two for no.",
        "¿Está usted en peligro ahora? Uno para sí, dos para no."},
    Row{"keys_medical", "Is anyone hurt or sick? One for yes, two for no.",
        "¿Hay alguien herido o enfermo? Uno para sí, dos para no."},
    Row{"keys_fire", "Is there a fire? One for yes, two for no.", "¿Hay fuego? Uno para sí, dos para no."},
    Row{"keys_police", "Do you need the police? One for yes, two for no.",
        "¿Necesita a la policía? Uno para sí, dos para no."},
    Row{"keys_here", "Are you at the place of the emergency? One for yes, two for no.",
        "¿Está usted en el lugar de la emergencia? Uno para sí, dos para no."},
    Row{"keys_number", "Key in the number to call you back, then the pound key.",
        "Marque el número para devolverle la llamada y luego la tecla numeral."},
    Row{"digit_0", "zero", "cero"},
    Row{"digit_1", "one", "uno"},
    Row{"digit_2", "two", "dos"},
    Row{"digit_3", "three", "tres"},
    Row{"digit_4", "four", "cuatro"},
    Row{"digit_5", "five", "cinco"},
    Row{"digit_6", "six", "seis"},
    Row{"digit_7", "seven", "siete"},
    Row{"digit_8", "eight", "ocho"},
    Row{"digit_9", "nine", "nueve"},
};
static_assert(k_rows.size() == k_sentences, "a row for each sentence");

const Row& row(Sentence sentence) {
    HOLDFAST_ASSERT(sentence < Sentence::count);
    return k_rows[static_cast<std::size_t>(sentence)];
}

}  // namespace

std::string_view to_string(Language language) { return language == Language::es ? "es" : "en"; }

std::optional<Language> language_of(std::string_view code) {
    const auto primary = code.substr(0, code.find_first_of("-_"));
    if (primary == "es" || primary == "spa") return Language::es;
    if (primary == "en" || primary == "eng") return Language::en;
    return std::nullopt;
}

std::string_view name(Sentence sentence) { return row(sentence).name; }

std::string_view words(Sentence sentence, Language language) {
    return language == Language::es ? row(sentence).es : row(sentence).en;
}

Sentence digit(char c) {
    HOLDFAST_ASSERT(c >= '0' && c <= '9');
    return static_cast<Sentence>(static_cast<int>(Sentence::digit_0) + (c - '0'));
}

}  // namespace holdfast::voice::scripted
