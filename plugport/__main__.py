"""`python -m plugport` is `plugport`."""

from plugport.cli.main import main

if __name__ == "__main__":
    main()
