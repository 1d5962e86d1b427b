module sallyport/test/profiles

go 1.26
