#include "commands.h"

#include <stddef.h>

#include "console.h"
#include "store.h"
#include "text.h"

#define MAX_LINE 200
#define COMMAND_KEY "data/cmd"
#define STATUS_KEY "data/status"

const char g_bad_number[] = "not a number that fits here";

static const struct command *const s_tables[] = {
    g_channel_commands,        g_console_commands,         g_lifecycle_commands,
    g_misbehave_ring_commands, g_misbehave_store_commands,
};

static char s_detail[160];
static char s_typed[MAX_LINE];
static size_t s_typed_length;

void commands_detail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    text_format(s_detail, sizeof(s_detail), format, args);
    va_end(args);
}

static const struct command *find(const char *name) {
    for (size_t i = 0; i < sizeof(s_tables) / sizeof(*s_tables); i++)
        for (const struct command *command = s_tables[i]; command->name != NULL; command++)
            if (text_equal(command->name, name))
                return command;
    return NULL;
}

/* To xenstore first: the console may be what the command has spoilt. */
static void say_status(const char *status, const char *line, const char *remark) {
    const char *between = *remark != '\0' ? ": " : "";
    store_print(STATUS_KEY, "%s %s%s%s", status, line, between, remark);
    console_say("%s %s%s%s", status, line, between, remark);
}

static void run_one(const char *line) {
    char words[MAX_LINE], usage[MAX_LINE];
    struct arguments args;
    text_copy(words, sizeof(words), line);
    const char *name = arguments_split(words, &args);
    if (name == NULL)
        return;
    s_detail[0] = '\0';
    const struct command *command = find(name);
    if (command == NULL) {
        say_status("ERR", line, "no such command");
    } else if (args.count < command->min || args.count > command->max) {
        text_print(usage, sizeof(usage), "usage: %s %s", command->name, command->parameters);
        say_status("ERR", line, usage);
    } else {
        say_status("RUN", line, "");
        const char *problem = command->run(&args);
        say_status(problem == NULL ? "OK" : "ERR", line, problem == NULL ? s_detail : problem);
    }
}

void commands_run(const char *lines) {
    char line[MAX_LINE];
    while (*lines != '\0') {
        size_t length = 0;
        while (*lines == ' ')
            lines++;
        for (; *lines != '\0' && *lines != ';'; lines++)
            if (length + 1 < sizeof(line))
                line[length++] = *lines;
        line[length] = '\0';
        if (*lines == ';')
            lines++;
        run_one(line);
    }
}

void commands_run_stored(void) {
    char lines[MAX_LINE];
    if (store_read(COMMAND_KEY, lines, sizeof(lines)) && lines[0] != '\0') {
        store_remove(COMMAND_KEY);
        commands_run(lines);
    }
}

bool commands_run_typed(void) {
    char c;
    while (console_read(&c, 1) == 1) {
        if (c == '\r' || c == '\n') {
            s_typed[s_typed_length] = '\0';
            s_typed_length = 0;
            commands_run(s_typed);
            return true;
        }
        if (s_typed_length + 1 < sizeof(s_typed))
            s_typed[s_typed_length++] = c;
    }
    return false;
}
