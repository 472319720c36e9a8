# elvish completion for docker-machine
use str
set edit:completion:arg-completer[docker-machine] = {|@words|
    var found = [((external $words[0]) __complete '='$words[-1] (all $words[1..-1]) 2>/dev/null | from-lines)]
    if (== (count $found) 0) {
        edit:complete-filename $@words
    } else {
        for line $found {
            var parts = [(str:split &max=2 "\t" $line)]
            var suffix = ' '
            if (or (str:has-suffix $parts[0] '=') (str:has-suffix $parts[0] ':')) {
                set suffix = ''
            }
            edit:complex-candidate $parts[0] &code-suffix=$suffix &display=$parts[0]'  '$parts[1]
        }
    }
}
