using XcsSharp.Reference;

// Writes the protocol's reference anew from the code. Exit: 0 written, 2 wrong use.
if (args is not [string root] || !File.Exists(Path.Combine(root, "XcsSharp.sln")))
{
    Console.Error.WriteLine("usage: xcs-reference ROOT   the folder of XcsSharp.sln; ./build.sh docs does it");
    return 2;
}

foreach (ReferenceFile file in ReferenceFiles.Make())
{
    string path = Path.Combine(root, file.Path);
    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
    if (!File.Exists(path) || await File.ReadAllTextAsync(path) != file.Text)
    {
        await File.WriteAllTextAsync(path, file.Text);
        Console.WriteLine($"written: {file.Path}");
    }
}

foreach (string stray in ReferenceFiles.StrayIn(root))
{
    File.Delete(Path.Combine(root, stray));
    Console.WriteLine($"removed: {stray}");
}

return 0;
