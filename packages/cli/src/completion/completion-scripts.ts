// Each asks the program itself, so that no script grows old; what it says is a word and, behind a tab, what that is.

const bash = `# pentauth completion for bash
_pentauth() {
  local word about
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    COMPREPLY+=("$(printf %q "$word")")
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _pentauth pentauth
`

const zsh = `#compdef pentauth
# pentauth completion for zsh
_pentauth() {
  local -a found words_so_far
  local word about
  words_so_far=("\${(@)words[2,CURRENT]}")
  while IFS=$'\\t' read -r word about; do
    found+=("\${word//:/\\\\:}:$about")
  done < <("\${words[1]}" complete -- "\${words_so_far[@]}" 2>/dev/null)
  if (( \${#found} )); then _describe pentauth found; else _files; fi
}
compdef _pentauth pentauth
`

const fish = `# pentauth completion for fish
function __pentauth_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c pentauth -a '(__pentauth_complete)'
`

const powershell = `# pentauth completion for PowerShell
Register-ArgumentCompleter -Native -CommandName pentauth -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '' }
  pentauth complete -- @words 2>$null | ForEach-Object {
    $word, $about = $_ -split "\`t", 2
    if ($word -like "$wordToComplete*") {
      $text = if ($word -match '^[\\w./:@=-]+$') { $word } else { "'" + $word.Replace("'", "''") + "'" }
      [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $(if ($about) { $about } else { $word }))
    }
  }
}
`

export const completionScripts: Readonly<Record<'bash' | 'zsh' | 'fish' | 'powershell', string>> = {
  bash,
  zsh,
  fish,
  powershell,
}
